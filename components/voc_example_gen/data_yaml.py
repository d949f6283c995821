"""Reads the data.yaml of Ultralytics, Roboflow and YOLOv5: class names, keypoints, and the folders of the splits."""

import dataclasses
import posixpath
import re
from collections.abc import Iterator, Mapping

import yaml

from components.voc_example_gen import plain_text
from components.voc_example_gen.annotation import clean_label
from components.voc_example_gen.refusals import Reason, RefusedFileError, read_annotation_file

MAX_BYTES = 2**20
MAX_CLASSES = 100_000
SPLIT_KEYS = ('train', 'val', 'valid', 'validation', 'test')
_KEYS = frozenset({'names', 'nc', 'kpt_shape', 'path', *SPLIT_KEYS})
_MENTIONS_NAMES = re.compile(r'^(\{\s*)?["\']?names["\']?\s*[:=]', re.MULTILINE | re.IGNORECASE)
_MENTIONS_A_KEY = re.compile(r'\b(names|train|val|kpt_shape)\b')
_NAME = re.compile(r'(data(set)?|dataset_?config|obj)\.ya?ml', re.IGNORECASE)
_WINDOWS_PATH = re.compile(r'"([A-Za-z]:\\[^"\n]*)"')
_IN_DOUBLE_QUOTES = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_ESCAPES = re.compile(r'(?:[^\\]|\\[0abt\tnvfre "/\\N_LP]|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*')
_NOT_IN_YAML = re.compile('[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')

Plain = str | list['Plain'] | dict[str, 'Plain']


@dataclasses.dataclass(frozen=True)
class DataYaml:
  """What one data.yaml says; every text is as in the file: `no` and `2024-01-01` stay these words.

  Attributes:
    path: of the file, below the data folder.
    names: class names by number, '' for a number without a usable name; None if the file lists none.
    names_file: the file that lists them, as written; '' if none is named.
    keypoints: (how many, numbers for each) of a pose data set (`kpt_shape`); None if it is none.
    base: what `path` says: the folder that the splits are relative to, as written; '' if it says nothing.
    splits: {'train', 'val', 'valid', 'validation' or 'test': folders, image lists or images, as written}.
    guessed: the encoding, if nothing in the file says it; '' for Unicode.
  """

  path: str
  names: tuple[str, ...] | None = None
  names_file: str = ''
  keypoints: tuple[int, int] | None = None
  base: str = ''
  splits: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
  guessed: str = ''


def read(root: str, path: str) -> DataYaml | None:
  """Reads a YAML file; None if it is not about a data set.

  Raises:
    RefusedFileError: CLASS_NAMES_UNKNOWN if it is called data.yaml or has `names`, and cannot be read.
  """
  is_named = bool(_NAME.fullmatch(posixpath.basename(path)))
  try:
    content = read_annotation_file(root, path, MAX_BYTES)
  except RefusedFileError as error:
    if is_named:
      raise _unreadable(path, error.detail) from error
    return None
  return parse(content, path)


def parse(content: bytes, path: str) -> DataYaml | None:
  """The same for the file's content; `path` is for messages, and tells whether the file is called data.yaml."""
  try:
    text, guessed = plain_text.decode(content)
  except UnicodeError as error:
    if _NAME.fullmatch(posixpath.basename(path)) or b'names' in content:
      raise _unreadable(path, str(error)) from error
    return None
  if not _MENTIONS_A_KEY.search(text) and not _NAME.fullmatch(posixpath.basename(path)):
    return None
  try:
    document = _document(text, bool(_NAME.fullmatch(posixpath.basename(path))))
    return _interpret(document, path, guessed) if document else None
  except (yaml.YAMLError, ValueError, RecursionError) as error:
    if _NAME.fullmatch(posixpath.basename(path)) or _MENTIONS_NAMES.search(text):
      raise _unreadable(path, _one_line(error)) from error
    return None


def _unreadable(path: str, why: str) -> RefusedFileError:
  return RefusedFileError(Reason.CLASS_NAMES_UNKNOWN, f'{path} cannot be read: {why}')


def _one_line(error: Exception) -> str:
  if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
    return f'line {error.problem_mark.line + 1}: {error.problem}'
  return ' '.join(str(error).split()) or type(error).__name__


def _document(text: str, is_named: bool) -> dict[str, Plain]:
  """The values of the keys in _KEYS of the top mapping; {} if the top is no mapping.

  If the file is called data.yaml (is_named), they may be in the only mapping below the top that has names.

  A text that is no YAML is read once more with its common faults mended: tabs, control characters, and backslashes in
  double quotes.
  """
  text = _WINDOWS_PATH.sub(lambda match: _with_backslashes(match[1]), text)
  try:
    node = yaml.compose(text, Loader=yaml.BaseLoader)
  except yaml.YAMLError as error:
    try:
      node = yaml.compose(_mend(text), Loader=yaml.BaseLoader)
    except yaml.YAMLError:
      raise error from None
  if not isinstance(node, yaml.MappingNode):
    return {}
  budget = iter(range(3 * MAX_CLASSES))
  pairs = _pairs(node)
  if 'names' not in dict(pairs) and is_named:  # all of it below one word: {dataset: {names: ...}}
    inner = [
      found for _, value in pairs if isinstance(value, yaml.MappingNode) and 'names' in dict(found := _pairs(value))
    ]
    pairs = inner[0] if len(inner) == 1 else pairs
  return _as_dict((key, _plain(value, budget)) for key, value in pairs if key in _KEYS)


def _pairs(node: yaml.MappingNode) -> list[tuple[str, yaml.Node]]:
  return [(str(key.value).strip().lower(), value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]


def _mend(text: str) -> str:
  text = _NOT_IN_YAML.sub('', text).expandtabs(8)
  return _IN_DOUBLE_QUOTES.sub(
    lambda match: match[0] if _ESCAPES.fullmatch(match[1]) else _with_backslashes(match[1]), text
  )


def _with_backslashes(text: str) -> str:
  doubled = text.replace('\\', '\\\\')
  return f'"{doubled}"'


def _plain(node: yaml.Node, budget: Iterator[int]) -> Plain:
  """A node as text, list or dict; aliases are followed until `budget` is used up."""
  if next(budget, None) is None:
    raise ValueError('too many entries')
  if isinstance(node, yaml.SequenceNode):
    return [_plain(entry, budget) for entry in node.value]
  if isinstance(node, yaml.MappingNode):
    return _as_dict((_scalar(key), _plain(value, budget)) for key, value in node.value)
  return _scalar(node)


def _scalar(node: yaml.Node) -> str:
  if not isinstance(node, yaml.ScalarNode):
    raise ValueError('a key that is no text')
  return str(node.value)


def _as_dict(pairs: Iterator[tuple[str, Plain]]) -> dict[str, Plain]:
  found: dict[str, Plain] = {}
  for key, value in pairs:
    if key in found:
      raise ValueError(f'"{key[:80]}" is there twice')
    found[key] = value
  return found


def _interpret(document: dict[str, Plain], path: str, guessed: str) -> DataYaml:
  base = document.get('path', '')
  names = document.get('names') or ''
  names_file = names if isinstance(names, str) and names.lower().endswith(('.names', '.txt')) else ''
  return DataYaml(
    path=path,
    names=to_names(names) if names and not names_file else None,
    names_file=names_file,
    keypoints=_keypoints(document.get('kpt_shape')),
    base=base if isinstance(base, str) else '',
    splits={key: tuple(_texts(document[key])) for key in SPLIT_KEYS if document.get(key)},
    guessed=guessed,
  )


def _texts(value: Plain) -> Iterator[str]:
  """All texts of nested lists."""
  if isinstance(value, str):
    yield value
  elif isinstance(value, list):
    for entry in value:
      yield from _texts(entry)


def _keypoints(value: Plain | None) -> tuple[int, int] | None:
  if not value:
    return None
  numbers = [_number(text) for text in (value.strip('[]()').split(',') if isinstance(value, str) else value)]
  if len(numbers) != 2 or numbers[0] is None or numbers[1] not in (2, 3):
    raise ValueError('kpt_shape: expected [number of keypoints, 2 or 3]')
  return numbers[0], numbers[1]


def _number(text: Plain) -> int | None:
  text = text.strip() if isinstance(text, str) else ''
  return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def to_names(value: Plain) -> tuple[str, ...]:
  """Class names by number, from any spelling: a list, a mapping from or to numbers, or one text with commas.

  Raises:
    ValueError: if it is none of them.
  """
  if isinstance(value, str):
    return to_names([part.strip().strip('\'"') for part in value.strip().strip('[]').split(',')])
  if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], str) and 'name' not in value[0]:
    return to_names(value[0])
  numbered = _numbered(value)
  if not numbered or max(numbered) >= MAX_CLASSES:
    raise ValueError('names: expected a list of class names, or a mapping from class numbers to names')
  return tuple(clean_label(numbered.get(number, '')) for number in range(max(numbered) + 1))


def _numbered(value: list[Plain] | dict[str, Plain]) -> dict[int, str]:
  """{class number: name}; {} if that is not what the value is."""
  if isinstance(value, list):
    entries = [_entry(number, entry) for number, entry in enumerate(value)]
  elif all(_number(key) is not None for key in value):
    entries = [(_number(key), _entry(None, entry)[1]) for key, entry in value.items()]
  else:
    entries = [(_number(number), name) for name, number in value.items()]  # {cat: 0, dog: 1}
  numbered = {number: name for number, name in entries if number is not None and name is not None}
  return numbered if len(numbered) == len(entries) else {}


def _entry(number: int | None, value: Plain) -> tuple[int | None, str | None]:
  """(class number, name) of one entry: a text, {name: cat, id: 0}, {0: cat} or [cat]; None for what cannot be read."""
  if isinstance(value, str):
    return number, value
  if isinstance(value, list):
    return number, value[0] if len(value) == 1 and isinstance(value[0], str) else None
  if 'name' in value:
    name = value['name']
    own = _number(value['id']) if 'id' in value else number
    return own, name if isinstance(name, str) else None
  if len(value) == 1:
    key, name = next(iter(value.items()))
    return _number(key), name if isinstance(name, str) else None
  return None, None
