"""Decodes small text files that people write by hand: lists of class names, data.yaml, label files."""

import codecs
import re
from typing import NamedTuple

_MARKS = (
  (codecs.BOM_UTF8, 'utf-8-sig'),
  (codecs.BOM_UTF32_LE, 'utf-32'),  # before UTF-16, whose mark it begins with
  (codecs.BOM_UTF32_BE, 'utf-32'),
  (codecs.BOM_UTF16_LE, 'utf-16'),
  (codecs.BOM_UTF16_BE, 'utf-16'),
)
_BEYOND_ASCII = re.compile(rb'[\x80-\xff]+')
_WESTERN_LETTERS = re.compile(r'(?<=[A-Za-z])[^\x00-\x7f]{1,2}|[^\x00-\x7f]{1,2}(?=[A-Za-z])')


class Text(NamedTuple):
  """A decoded text.

  Attributes:
    text: its characters.
    guessed: the encoding, if nothing in the file says it ('GBK', 'Windows-1252'); '' for Unicode.
  """

  text: str
  guessed: str = ''


def decode(content: bytes) -> Text:
  """Decodes UTF-8, UTF-16 and UTF-32; and, where only one of them is plausible, GBK or Windows-1252 (Latin-1).

  Raises:
    UnicodeError: if none of them is plausible, or the bytes are no text.
  """
  for mark, encoding in _MARKS:
    if content.startswith(mark):
      return _checked(Text(content.decode(encoding)))
  if b'\0' in content:
    return _checked(Text(content.decode(_unmarked_utf16(content))))
  try:
    return Text(content.decode('utf-8'))
  except UnicodeDecodeError as error:
    text = _as_gbk(content) or _as_western(content)
    if text is None:
      raise UnicodeError('neither UTF-8 nor another encoding that can be told for certain') from error
    return text


def _checked(text: Text) -> Text:
  if '\0' in text.text:
    raise UnicodeError('null characters')
  return text


def _unmarked_utf16(content: bytes) -> str:
  """UTF-16 without a mark: every second byte of ASCII characters is null."""
  return 'utf-16-le' if content[1::2].count(0) >= content[::2].count(0) else 'utf-16-be'


def _as_gbk(content: bytes) -> Text | None:
  """Chinese: all bytes beyond ASCII come in pairs of GB 2312, most of them of its level of common characters."""
  runs = _BEYOND_ASCII.findall(content)
  pairs = [run[start : start + 2] for run in runs for start in range(0, len(run), 2)]
  try:
    b''.join(pairs).decode('gb2312')
  except UnicodeDecodeError:
    return None
  common = sum(pair[0] <= 0xD7 for pair in pairs)
  if any(len(run) % 2 for run in runs) or 2 * common < len(pairs):
    return None
  return Text(content.decode('gb18030'), 'GBK')


def _as_western(content: bytes) -> Text | None:
  """Latin letters with accents: one or two between ASCII letters, nothing else beyond ASCII."""
  try:
    text = content.decode('cp1252')
  except UnicodeDecodeError:
    return None
  accented = _WESTERN_LETTERS.findall(text)
  beyond = sum(not character.isascii() for character in text)
  if sum(map(len, accented)) < beyond or not all(letters.isalpha() for letters in accented):
    return None
  return Text(text, 'Windows-1252')
