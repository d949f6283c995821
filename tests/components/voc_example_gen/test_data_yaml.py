"""data.yaml is read as its words stand in the file, in every spelling that exporters and people use."""

import pytest

from components.voc_example_gen import data_yaml
from components.voc_example_gen.refusals import Reason, RefusedFileError

CAT_DOG = ('cat', 'dog')
NAMES = {
  'a list': ('names: [cat, dog]', CAT_DOG),
  'a mapping from numbers': ('names: {1: dog, 0: cat}', CAT_DOG),
  'numbers as text': ("names: {'0': cat, '1': dog}", CAT_DOG),
  'a gap': ('names: {2: dog, 0: cat}', ('cat', '', 'dog')),
  'a mapping to numbers': ('names: {cat: 0, dog: 1}', CAT_DOG),
  'one text': ('names: cat, dog', CAT_DOG),
  'a list as text': ("names: \"['cat', 'dog']\"", CAT_DOG),
  'a list in a list': ('names: [[cat, dog]]', CAT_DOG),
  'small mappings': ('names:\n- 0: cat\n- 1: dog', CAT_DOG),
  'mappings with a name': ('names:\n- {id: 1, name: dog}\n- {id: 0, name: cat}', CAT_DOG),
  'one mapping with a name': ('names: [{name: cat}]', ('cat',)),
  'truth values': ('names: [on, off, yes, No, true]', ('on', 'off', 'yes', 'No', 'true')),
  'null, numbers, dates': (
    'names: [null, ~, 007, 1e3, 2024-01-01, 1:30]',
    ('null', '~', '007', '1e3', '2024-01-01', '1:30'),
  ),
  'an empty name': ("names: ['', dog]", ('', 'dog')),
  'tabs': ('names:\n\t- cat\n\t-\tdog\n', CAT_DOG),
  'a tab before a value': ('nc:\t2\nnames:\t[cat, dog]', CAT_DOG),
  'backslashes in double quotes': ('path: "C:\\Users\\me\\data\\"\nnames: [cat, dog]', CAT_DOG),
  'a control character': ('names: [cat, dog]\n# \x01', CAT_DOG),
  'upper case': ('NAMES: [cat, dog]', CAT_DOG),
  'Windows line ends': ('nc: 2\r\nnames:\r\n- cat\r\n- dog\r\n', CAT_DOG),
  'a code block': ('names: [cat, dog]\ndownload: |\n  import os\n  print("x\\d")', CAT_DOG),
  'a tag': ('names: !!python/tuple [cat, dog]', CAT_DOG),
}


@pytest.mark.parametrize(('text', 'expected'), NAMES.values(), ids=NAMES)
def test_names_stay_the_words_they_are(text, expected):
  assert data_yaml.parse(text.encode(), 'data.yaml').names == expected


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-16-le', 'gbk'])
def test_names_in_other_encodings(encoding):
  assert data_yaml.parse('names: [猫, 狗]'.encode(encoding), 'data.yaml').names == ('猫', '狗')


UNREADABLE = {
  'no YAML': 'names: [cat, dog',
  'no space': 'names:[cat]\nnc: 2',
  'a number twice': 'names: {0: cat, 0: dog}',
  'names twice': 'names: [cat]\nnames: [dog]',
  'letters for numbers': 'names: {a: cat, b: dog}',
  'lists of several names': 'names: {0: [cat, kitten], 1: [dog]}',
  'too large a number': 'names: {999999999: cat}',
  'wrong keypoints': 'names: [cat]\nkpt_shape: 17',
  'aliases that multiply': 'names: [&a [x,x,x,x,x,x,x,x,x], &b [*a,*a,*a,*a,*a,*a,*a,*a,*a], *b]\n'
  + 'train: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nval: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ntest: [*d,*d,*d,*d,*d,*d,*d,*d,*d]',
  'nested too deep': 'names: ' + '[' * 5000,
  'not Unicode': b'names: [\x98\xfa\xff]',
}


@pytest.mark.parametrize('text', UNREADABLE.values(), ids=UNREADABLE)
def test_names_that_are_there_and_cannot_be_read_are_refused(text):
  with pytest.raises(RefusedFileError) as refused:
    data_yaml.parse(text if isinstance(text, bytes) else text.encode(), 'a/my.yaml')
  assert refused.value.reason == Reason.CLASS_NAMES_UNKNOWN
  assert 'a/my.yaml' in refused.value.detail


@pytest.mark.parametrize('text', ['services: {}', '{broken', '- names', '', '!!python/object/apply:os.system ["true"]'])
def test_another_tools_file_says_nothing(text):
  found = data_yaml.parse(text.encode(), 'compose.yml')
  assert found is None or found.names is None


def test_a_data_yaml_that_is_broken_is_refused_whatever_it_says():
  with pytest.raises(RefusedFileError):
    data_yaml.parse(b'{broken', 'data.yaml')


def test_splits_and_keypoints_are_read_as_written():
  text = 'path: "C:\\new\\data"\ntrain: [images/a, [b.txt]]\nval: ../valid/images\ntest:\nkpt_shape: [17, 3]'
  found = data_yaml.parse(text.encode(), 'data.yaml')
  assert found.base == 'C:\\new\\data'
  assert found.splits == {'train': ('images/a', 'b.txt'), 'val': ('../valid/images',)}
  assert found.keypoints == (17, 3)


def test_a_file_of_names_is_no_name():
  assert data_yaml.parse(b'names: data/obj.names\nnc: 2', 'data.yaml').names is None


def test_a_file_is_read_from_the_folder(tmp_path):
  (tmp_path / 'data.yaml').write_text('names: [cat]')
  assert data_yaml.read(str(tmp_path), 'data.yaml').names == ('cat',)


def test_the_file_of_names_is_named():
  assert data_yaml.parse(b'names: data/obj.names\nnc: 2', 'data.yaml').names_file == 'data/obj.names'


def test_what_stands_below_one_word_is_read_if_the_file_is_called_data_yaml():
  text = b'dataset:\n  names: [cat, dog]\n  train: a\n'
  assert data_yaml.parse(text, 'dataset.yml').names == CAT_DOG
  assert data_yaml.parse(text, 'compose.yml') is None
