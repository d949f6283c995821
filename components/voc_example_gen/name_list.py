"""Reads one list of class names: data.yaml, classes.txt, obj.names, _darknet.labels, or Label Studio's notes.json."""

import dataclasses
import json
import posixpath
import re

from components.voc_example_gen import data_yaml, plain_text
from components.voc_example_gen.annotation import clean_label
from components.voc_example_gen.listing import File
from components.voc_example_gen.refusals import RefusedFileError, read_annotation_file

MAX_BYTES = 8 * 2**20
TEXT_NAMES = frozenset({'classes.txt', 'obj.names', 'names.txt', 'labels.txt', 'class_list.txt', 'class_names.txt'})
_TEXT_SUFFIXES = ('.names', '.labels')
_NOTES = 'notes.json'
_NUMBERED = re.compile(r'(\d+)\s*[\s:,;]\s*(\D.*)')
_NO_NAMES = re.compile(r'.*\.(jpe?g|png|bmp|tiff?|webp)\b.*|-?[\d.]+([ \t]+-?[\d.]+){4,}', re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class NameList:
  """A file that lists class names, or should.

  Attributes:
    path: below the data folder.
    names: by class number, '' for a number without a usable name; None if it lists none or cannot be read.
    problem: why it cannot be read; '' if nothing is wrong.
    keypoints: (how many, numbers for each) of a pose data set, or None.
    guessed: the encoding, if nothing in the file says it; '' for Unicode.
  """

  path: str
  names: tuple[str, ...] | None
  problem: str = ''
  keypoints: tuple[int, int] | None = None
  guessed: str = ''

  @property
  def rank(self) -> tuple[int, str]:
    """A sort key for lists of one folder: data.yaml counts first, then other YAML, then texts, then notes.json."""
    name = posixpath.basename(self.path).lower()
    if name.endswith(('.yaml', '.yml')):
      return (0 if name.startswith('data') else 1, self.path)
    return (3 if name == _NOTES else 2, self.path)


def read(root: str, file: File) -> NameList | None:
  """Reads a file that may list class names; None if it is none."""
  name = posixpath.basename(file.path).lower()
  try:
    if file.suffix in ('.yaml', '.yml'):
      return _from_yaml(root, file.path)
    if name == _NOTES:
      return _from_notes(root, file.path)
    if name in TEXT_NAMES or file.suffix in _TEXT_SUFFIXES:
      return _from_text(root, file.path)
  except RefusedFileError as error:
    return NameList(file.path, None, problem=error.detail)
  return None


def _from_yaml(root: str, path: str) -> NameList | None:
  found = data_yaml.read(root, path)
  if found is None or (found.names is None and found.keypoints is None):
    return None
  return NameList(path, found.names, keypoints=found.keypoints, guessed=found.guessed)


def _from_text(root: str, path: str) -> NameList | None:
  try:
    text, guessed = plain_text.decode(read_annotation_file(root, path, MAX_BYTES))
  except (RefusedFileError, UnicodeError) as error:
    return NameList(path, None, problem=f'{path} cannot be read: {getattr(error, "detail", error)}')
  lines = [line.strip() for line in re.split(r'\r*\n|\r', text.rstrip())]
  if any(map(_NO_NAMES.fullmatch, lines)):
    return None  # another tool's file: a list of images, or of boxes
  if '' in lines:
    what = f'line {lines.index("") + 1} is empty, so the numbers of the next lines are not certain'
    return NameList(path, None, problem=f'{path} cannot be read: {what if any(lines) else "it is empty"}')
  return NameList(path, tuple(clean_label(name) for name in _without_numbers(lines)), guessed=guessed)


def _without_numbers(lines: list[str]) -> list[str]:
  """The names of lines such as "0 cat", "1 dog", if every line gives its own number; else the lines."""
  matches = [_NUMBERED.fullmatch(line) for line in lines]
  numbered = [(int(match[1]), match[2]) for match in matches if match]
  names = [name for _, name in numbered]
  in_order = [number for number, _ in numbered] == list(range(len(lines)))
  return names if len(lines) > 1 and in_order and len(set(names)) == len(names) else lines


def _from_notes(root: str, path: str) -> NameList | None:
  """Label Studio's notes.json: {"categories": [{"id": 0, "name": "cat"}, ...]}."""
  try:
    document = json.loads(read_annotation_file(root, path, MAX_BYTES))
    categories = [{key: str(entry[key]) for key in ('id', 'name')} for entry in document['categories']]
    return NameList(path, data_yaml.to_names([dict(entry) for entry in categories]))
  except (RefusedFileError, ValueError, KeyError, TypeError, RecursionError):
    return None  # notes of another kind
