"""One list of class names, in every file that tools write it to."""

import pytest

from components.voc_example_gen import name_list
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
  'other YAML': ('compose.yml', 'services: {}'),
}


@pytest.mark.parametrize(('path', 'content'), NO_LIST.values(), ids=NO_LIST)
def test_another_file_is_no_list(tmp_path, path, content):
  assert read(tmp_path, path, content) is None


@pytest.mark.parametrize(
  ('path', 'content'),
  [('classes.txt', ''), ('classes.txt', 'cat\n\ndog'), ('a.names', b'\x98\xfa\xff'), ('data.yaml', 'names: [cat')],
)
def test_a_list_that_cannot_be_read_says_why(tmp_path, path, content):
  found = read(tmp_path, path, content)
  assert found.names is None
  assert found.problem.startswith(f'{path} cannot be read: ')
