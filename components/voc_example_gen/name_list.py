"""Reads one list of class names: data.yaml, classes.txt, obj.names, _darknet.labels, classes.json and their like."""

import dataclasses
import json
import posixpath
import re
from collections.abc import Iterable

from components.voc_example_gen import data_yaml, plain_text, spelling
from components.voc_example_gen.annotation import clean_label
from components.voc_example_gen.listing import File, Tree
from components.voc_example_gen.refusals import RefusedFileError, read_annotation_file

MAX_BYTES = 8 * 2**20
_TEXT_NAMES = frozenset({'classes.txt', 'names.txt', 'labels.txt'})
# predefined_classes.txt, class.txt, my-class_names.txt; an image of the same stem would make it a label file.
_TEXT_NAME = re.compile(r'(.*[-_. ])?(class(es)?|(class|label|obj|object)[-_. ]?(names?|list)|categories)\.txt')
_TEXT_SUFFIXES = ('.names', '.labels')
_NOTES = 'notes.json'  # of Label Studio
_JSON_NAME = re.compile(r'(classes|labels|names|categories|(class|label)[-_]?names)\.json')
_DARKNET_NAMES = re.compile(r'^\s*names\s*=\s*(.+?)\s*$', re.MULTILINE)
_NUMBERED = re.compile(r'(\d+)\s*[\s:,;]\s*(\D.*)')
_QUOTED = re.compile(r'(["\'])(.+)\1,?')
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
    refers: the file that holds the names, as written (names: data/coco.names); '' if this one does.
  """

  path: str
  names: tuple[str, ...] | None
  problem: str = ''
  keypoints: tuple[int, int] | None = None
  guessed: str = ''
  refers: str = ''

  @property
  def rank(self) -> tuple[int, str]:
    """A sort key for lists of one folder: data.yaml counts first, then other YAML, then texts, then notes.json."""
    name = posixpath.basename(self.path).lower()
    if name.endswith(('.yaml', '.yml')):
      return (0 if name.startswith('data') else 1, self.path)
    return (3 if name == _NOTES else 2, self.path)


def text_lists(tree: Tree) -> frozenset[str]:
  """The text files whose names say that they list class names: no label files."""
  called = [file.path for file in tree.with_suffix('.txt') if is_text_name(file.path)]
  others = _doubtful(called)
  stems = {spelling.stem(image.path) for image in tree.images} if others else set()
  return frozenset(called) - {path for path in others if spelling.stem(path) in stems}


def doubtful_stems(tree: Tree) -> frozenset[str]:
  """Stems of the text files that are label files if an image has the stem, and else list class names."""
  return frozenset(map(spelling.stem, _doubtful(file.path for file in tree.with_suffix('.txt'))))


def _doubtful(paths: Iterable[str]) -> list[str]:
  return [path for path in paths if is_text_name(path) and posixpath.basename(path).lower() not in _TEXT_NAMES]


def is_text_name(path: str) -> bool:
  """Whether a text file is called as one that lists class names."""
  name = posixpath.basename(path).lower()
  return name in _TEXT_NAMES or _TEXT_NAME.fullmatch(name) is not None


def read_all(tree: Tree) -> list[NameList]:
  """Every file of the folder that lists class names, or should; names that another file holds are looked up there."""
  texts = text_lists(tree)
  files = [file for file in tree.files if file.suffix != '.txt' or file.path in texts]
  found = [entry for file in files if (entry := read(tree.root, file))]
  return [_looked_up(tree, entry) if entry.refers else entry for entry in found]


def refers_to_texts(tree: Tree) -> bool:
  """Whether a list refers to a text file whose own name does not say that it lists names."""
  found = (read(tree.root, file) for file in tree.files if file.suffix != '.txt')
  return any(entry.refers.lower().endswith('.txt') and not is_text_name(entry.refers) for entry in found if entry)


def _looked_up(tree: Tree, entry: NameList) -> NameList:
  """The names of the file that a list refers to; of several of this name, those of the nearest."""
  name = spelling.file_name(entry.refers)
  called = [file.path for file in tree.with_suffix('.names', '.txt') if spelling.file_name(file.path) == name]
  if not called:
    problem = f'{entry.path} cannot be read: its names are in {entry.refers[:100]}, which is not in the folder'
    return dataclasses.replace(entry, problem=problem)
  here = entry.path.split('/')
  nearest = max(called, key=lambda path: spelling.common(here, path.split('/')))
  there = _from_text(tree.root, nearest)
  if there is None:
    return dataclasses.replace(entry, problem=f'{nearest} cannot be read: it lists no names')
  return dataclasses.replace(entry, names=there.names, problem=there.problem, guessed=there.guessed)


def read(root: str, file: File) -> NameList | None:
  """Reads a file that may list class names; None if it is none."""
  name = posixpath.basename(file.path).lower()
  try:
    if file.suffix in ('.yaml', '.yml'):
      return _from_yaml(root, file.path)
    if name == _NOTES:
      return _from_notes(root, file.path)
    if _JSON_NAME.fullmatch(name):
      return _from_json(root, file.path)
    if file.suffix == '.data':
      return _from_darknet(root, file.path)
    if is_text_name(file.path) or file.suffix in _TEXT_SUFFIXES:
      return _from_text(root, file.path)
  except RefusedFileError as error:
    return NameList(file.path, None, problem=error.detail)
  return None


def _from_yaml(root: str, path: str) -> NameList | None:
  found = data_yaml.read(root, path)
  if found is None or (found.names is None and found.keypoints is None and not found.names_file):
    return None
  return NameList(path, found.names, keypoints=found.keypoints, guessed=found.guessed, refers=found.names_file)


def _from_darknet(root: str, path: str) -> NameList | None:
  """A darknet .data file: names = data/obj.names."""
  match = _DARKNET_NAMES.search(read_annotation_file(root, path, MAX_BYTES).decode('utf-8', 'replace'))
  return NameList(path, None, refers=match[1]) if match else None


def _from_text(root: str, path: str) -> NameList | None:
  try:
    text, guessed = plain_text.decode(read_annotation_file(root, path, MAX_BYTES))
  except (RefusedFileError, UnicodeError) as error:
    return NameList(path, None, problem=f'{path} cannot be read: {getattr(error, "detail", error)}')
  lines = [line.strip() for line in re.split(r'\r*\n|\r', text.rstrip())]
  if any(map(_NO_NAMES.fullmatch, lines)):
    return None  # another tool's file: a list of images, or of boxes
  if problem := _problem_of(lines):
    return NameList(path, None, problem=f'{path} cannot be read: {problem}')
  quoted = [_QUOTED.fullmatch(line) for line in lines]
  lines = [match[2] for match in quoted if match] if all(quoted) else _without_numbers(lines)
  return NameList(path, tuple(map(clean_label, lines)), guessed=guessed)


def _problem_of(lines: list[str]) -> str:
  """Why the lines are no certain list of names; '' if they are."""
  if not any(lines):
    return 'it is empty'
  if '' in lines:
    return f'line {lines.index("") + 1} is empty, so the numbers of the next lines are not certain'
  if len(lines) == 1 and len(lines[0].split(',')) > 1:
    return 'its only line has commas. Expected a name on each line'
  if _names_numbered_from(1, lines):
    return 'its lines are numbered from 1, and label files count from 0. Take the numbers away'
  return ''


def _without_numbers(lines: list[str]) -> list[str]:
  """The names of lines such as "0 cat", "1 dog", if every line gives its own number; else the lines."""
  return _names_numbered_from(0, lines) or lines


def _names_numbered_from(first: int, lines: list[str]) -> list[str]:
  """The names of lines that count from `first`, each its own; [] if they do not."""
  matches = [_NUMBERED.fullmatch(line) for line in lines]
  numbered = [(int(match[1]), match[2]) for match in matches if match]
  names = [name for _, name in numbered]
  in_order = [number for number, _ in numbered] == list(range(first, first + len(lines)))
  return names if len(lines) > 1 and in_order and len(set(names)) == len(names) else []


def _from_json(root: str, path: str) -> NameList | None:
  """A plain list of names, or a mapping between numbers and names: ["cat", "dog"], {"0": "cat"}."""
  try:
    document = json.loads(read_annotation_file(root, path, MAX_BYTES))
    if isinstance(document, dict):
      document = {key: str(value) if isinstance(value, int) else value for key, value in document.items()}
    return NameList(path, data_yaml.to_names(document))
  except (RefusedFileError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
    return None  # a file of another kind, such as labels of images


def _from_notes(root: str, path: str) -> NameList | None:
  """Label Studio's notes.json: {"categories": [{"id": 0, "name": "cat"}, ...]}."""
  try:
    document = json.loads(read_annotation_file(root, path, MAX_BYTES))
    categories = [{key: str(entry[key]) for key in ('id', 'name')} for entry in document['categories']]
    return NameList(path, data_yaml.to_names([dict(entry) for entry in categories]))
  except (RefusedFileError, ValueError, KeyError, TypeError, RecursionError):
    return None  # notes of another kind
