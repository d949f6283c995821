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
# Syllables that make up most Korean names of things. Chinese in GBK, read as Korean, has hardly any of them.
_USUAL_SYLLABLES = frozenset(
  '이다는에가을의하고를로은지기도한서리사자라어나아시있인대수들일그정해전스부보주과게상장만유제원구성국동방경우조소여비신무미안오연용모물마진바'
  '실드당생화습거관니트차개양말새람호등강버럭교통표선문건복위명합산노달행병공간입출면내외남중단발계속반점음식손목머코눈귀피두포크토감파초'
)
_BEYOND_ASCII = re.compile(rb'[\x80-\xff]+')
_WESTERN_LETTERS = re.compile(r'(?<=[A-Za-z])[^\x00-\x7f]{1,2}|[^\x00-\x7f]{1,2}(?=[A-Za-z])')


class Text(NamedTuple):
  """A decoded text.

  Attributes:
    text: its characters.
    guessed: the encoding, if nothing in the file says it ('GBK', 'EUC-KR', 'Windows-1252'); '' for Unicode.
  """

  text: str
  guessed: str = ''


def decode(content: bytes) -> Text:
  """Decodes UTF-8, UTF-16, UTF-32; and, where only one of them is plausible, EUC-KR, GBK or Windows-1252 (Latin-1).

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
    text = _as_korean(content) or _as_gbk(content) or _as_western(content)
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


def _as_korean(content: bytes) -> Text | None:
  """Korean: all bytes beyond ASCII are syllables in EUC-KR, and at least half of them usual ones."""
  try:
    syllables = b''.join(_BEYOND_ASCII.findall(content)).decode('euc-kr')
    text = content.decode('cp949')
  except UnicodeDecodeError:
    return None
  if not all('가' <= syllable <= '힣' for syllable in syllables):
    return None
  return Text(text, 'EUC-KR') if 2 * sum(map(_USUAL_SYLLABLES.__contains__, syllables)) >= len(syllables) else None


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
