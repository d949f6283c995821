"""One spelling for names that annotations and files write differently."""

import posixpath
import unicodedata
import urllib.parse
from collections.abc import Iterable


def folded(name: str) -> str:
  """A name in the spelling that is compared: Unicode NFC, without case."""
  return name.lower() if name.isascii() else unicodedata.normalize('NFC', name).casefold()


def decoded(name: str) -> str:
  """A name without percent-encoding, as web tools write it: d%C3%A9cran is décran. Itself, if it is not UTF-8 then."""
  if '%' not in name:
    return name
  try:
    return urllib.parse.unquote(name, errors='strict')
  except UnicodeDecodeError:
    return name


def file_name(name: str) -> str:
  """The last part of a path of any system, folded."""
  return folded(name.replace('\\', '/').rpartition('/')[2].strip())


def stem(path: str) -> str:
  """A file's name without its extension, folded."""
  return folded(split_suffix(path.rpartition('/')[2])[0])


def split_suffix(path: str) -> tuple[str, str]:
  """What posixpath.splitext gives, in half the time: a path is split twenty times until its image is written."""
  stem, _, suffix = path.rpartition('.')
  if not stem or stem[-1] in './' or '/' in suffix:
    return posixpath.splitext(path)
  return stem, f'.{suffix}'


def suffix_of(path: str) -> str:
  """A file's extension with its dot, in lower case; '' without one."""
  return split_suffix(path)[1].lower()


_SAME_SUFFIX = {'.jpeg': '.jpg', '.jpe': '.jpg', '.jfif': '.jpg', '.tiff': '.tif'}


def usual_suffix(suffix: str) -> str:
  """An extension in its usual spelling: .jpg for .JPEG."""
  return _SAME_SUFFIX.get(suffix.lower(), suffix.lower())


def common(a: Iterable[str], b: Iterable[str]) -> int:
  """How many names are equal, counted from the start."""
  count = 0
  for x, y in zip(a, b, strict=False):
    if x != y:
      break
    count += 1
  return count


def some(names: Iterable[str]) -> str:
  """The first three names for a message, and how many more there are."""
  names = list(names)
  return ', '.join(names[:3]) + (f' and {len(names) - 3} more' if len(names) > 3 else '')
