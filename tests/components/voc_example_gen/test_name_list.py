"""One list of class names, in every file that tools write it to."""

import pytest

from components.voc_example_gen import listing, name_list
from components.voc_example_gen.listing import File
from tests.support import voc_maker


def read(root, path, content):
  voc_maker.write(root, {path: content})
  return name_list.read(str(root), File(path, 0))


READ = {
  'lines': ('classes.txt', 'cat\npolar bear\n', ('cat', 'polar bear')),
  'lines of Windows, ended twice': ('Classes.TXT', 'cat\r\r\ndog\r\r\n', ('cat', 'dog')),
  'empty lines at the end': ('obj.names', 'cat\ndog\n\n\n', ('cat', 'dog')),
  'any .names file': ('coco.names', 'cat', ('cat',)),
  "Roboflow's darknet export": ('train/_darknet.labels', 'cat\ndog', ('cat', 'dog')),
  'UTF-16': ('classes.txt', 'cat\nBär\n'.encode('utf-16'), ('cat', 'Bär')),
  'another name for it': ('predefined_classes.txt', 'cat\ndog', ('cat', 'dog')),
  'one class': ('class.txt', 'cat', ('cat',)),
  'quotes': ('classes.txt', '"cat",\n\'polar bear\'\n', ('cat', 'polar bear')),
  'JSON': ('classes.json', '["cat", "dog"]', ('cat', 'dog')),
  'JSON by number': ('class_names.json', '{"1": "dog", "0": "cat"}', ('cat', 'dog')),
  'JSON by name': ('labels.json', '{"cat": 0, "dog": 1}', ('cat', 'dog')),
  'numbers before the names': ('labels.txt', '0 cat\n1 dog', ('cat', 'dog')),
  'numbers that are names': ('classes.txt', '1 euro\n2 euro', ('1 euro', '2 euro')),
  'numbers that tell names apart': ('classes.txt', '0 euro\n1 euro', ('0 euro', '1 euro')),
  "Label Studio's notes": (
    'notes.json',
    '{"categories": [{"id": 1, "name": "dog"}, {"id": 0, "name": "cat"}]}',
    ('cat', 'dog'),
  ),
  'data.yaml': ('data.yaml', 'names: [cat, dog]', ('cat', 'dog')),
}


@pytest.mark.parametrize(('path', 'content', 'expected'), READ.values(), ids=READ)
def test_a_list_is_read(tmp_path, path, content, expected):
  assert read(tmp_path, path, content).names == expected


NO_LIST = {
  'a list of images': ('labels.txt', 'a.jpg 0\nb.jpg 1'),
  'a label file': ('labels.txt', '0 0.5 0.5 0.1 0.1'),
  'other notes': ('notes.json', '{"title": "x"}'),
  'a file of another name': ('words.txt', 'cat'),
  'labels of images': ('labels.json', '{"a.jpg": ["cat"]}'),
  'COCO': ('labels.json', '{"images": [], "annotations": []}'),
  'other YAML': ('compose.yml', 'services: {}'),
}


@pytest.mark.parametrize(('path', 'content'), NO_LIST.values(), ids=NO_LIST)
def test_another_file_is_no_list(tmp_path, path, content):
  assert read(tmp_path, path, content) is None


@pytest.mark.parametrize(
  ('path', 'content'),
  [
    ('classes.txt', ''),
    ('classes.txt', 'cat\n\ndog'),
    ('classes.txt', 'cat, dog'),
    ('classes.txt', '1 cat\n2 dog'),
    ('a.names', b'\x98\xfa\xff'),
    ('data.yaml', 'names: [cat'),
  ],
)
def test_a_list_that_cannot_be_read_says_why(tmp_path, path, content):
  found = read(tmp_path, path, content)
  assert found.names is None
  assert found.problem.startswith(f'{path} cannot be read: ')


def read_all(root, files):
  return {entry.path: entry for entry in name_list.read_all(listing.list_folder(str(voc_maker.write(root, files))))}


@pytest.mark.parametrize(
  ('path', 'content'), [('data.yaml', 'names: data/my.txt'), ('obj.data', 'train = t.txt\nnames = data/my.txt')]
)
def test_names_that_another_file_holds_are_looked_up_there(tmp_path, path, content):
  found = read_all(tmp_path, {path: content, 'data/my.txt': 'cat\ndog', 'old/my.txt': 'x'})
  assert found[path].names == ('cat', 'dog')


def test_a_file_of_names_that_is_missing_is_a_problem(tmp_path):
  found = read_all(tmp_path, {'data.yaml': 'names: /home/me/coco.names'})['data.yaml']
  assert found.names is None
  assert found.problem == ('data.yaml cannot be read: its names are in /home/me/coco.names, which is not in the folder')


def test_the_label_file_of_an_image_is_no_list(tmp_path):
  files = {'first_class.txt': '', 'first_class.jpg': b'', 'second_classes.txt': 'cat'}
  assert list(read_all(tmp_path, files)) == ['second_classes.txt']


def test_texts_are_doubtful_if_an_image_of_their_stem_makes_them_labels(tmp_path):
  voc_maker.write(tmp_path, dict.fromkeys(('classes.txt', 'a/My_Classes.txt', 'notes.txt', '1.jpg'), ''))
  assert name_list.doubtful_stems(listing.list_folder(str(tmp_path))) == {'my_classes'}


@pytest.mark.parametrize(('names', 'expected'), [('any.txt', True), ('classes.txt', False), ('obj.names', False)])
def test_names_may_be_in_a_text_that_is_called_anything(tmp_path, names, expected):
  voc_maker.write(tmp_path, {'data.yaml': f'names: {names}\n', names: 'cat\n'})
  assert name_list.refers_to_texts(listing.list_folder(str(tmp_path))) is expected
