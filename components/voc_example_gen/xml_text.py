"""Parses XML in any text encoding that its first bytes name. Document types and entities are refused.

Python's codecs decode, not expat: expat lacks the encodings of several bytes a character, and some spellings of UTF-8.
"""

import codecs
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeElementTree

from components.voc_example_gen.refusals import Reason, RefusedFileError

_HEAD = 400  # bytes in which the first '<' is looked for
_MARKS = (  # those of UTF-16 last: they are a part of the others
  (codecs.BOM_UTF8, 'utf-8'),
  (codecs.BOM_UTF32_LE, 'utf-32'),
  (codecs.BOM_UTF32_BE, 'utf-32'),
  (codecs.BOM_UTF16_LE, 'utf-16'),
  (codecs.BOM_UTF16_BE, 'utf-16'),
)
_DECLARED = re.compile(rb'<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["\']\s*([\w.:\- ]{1,40}?)\s*["\']')
# Codecs of Python that are no character sets: escapes, and the spelling of host names.
_NO_CHARACTER_SETS = frozenset({'unicode_escape', 'raw_unicode_escape', 'idna', 'punycode', 'undefined', 'utf_7'})
# Windows calls its own, larger sets by these names.
_LARGER_SETS = {'gb2312': 'gb18030', 'gbk': 'gb18030', 'big5': 'cp950', 'shift_jis': 'cp932', 'euc_kr': 'cp949'}


def parse(content: bytes) -> Element:
  """Parses an XML document; byte order marks and white space before it are fine.

  Raises:
    RefusedFileError: XML_FORBIDDEN if it declares a document type or entities; XML_NOT_WELL_FORMED if it is no XML, or
      its bytes are not in its encoding.
  """
  try:
    text = decode(content)  # a text is parsed as such, whatever encoding it declares
    if '<!' not in text:  # so it declares no document type or entity: the plain parser is safe, and four times as fast
      return ElementTree.fromstring(text)  # noqa: S314
    return SafeElementTree.fromstring(text, forbid_dtd=True)
  except DefusedXmlException as error:
    raise RefusedFileError(
      Reason.XML_FORBIDDEN, f'{type(error).__name__}: document types and entities are refused'
    ) from error
  except (ParseError, ValueError, LookupError) as error:
    raise RefusedFileError(Reason.XML_NOT_WELL_FORMED, str(error)) from error


def decode(content: bytes) -> str:
  """The text of an XML document, without the byte order mark and white space before it.

  Raises:
    ValueError: if the bytes are not in their encoding.
    LookupError: if the declared encoding is unknown, or no character set.
  """
  encoding = encoding_of(content)
  try:
    text = content.decode(encoding)
  except UnicodeDecodeError as error:
    text = _in_larger_set(content, encoding)
    if not text:
      raise ValueError(f'not in its encoding {encoding}: {error.reason} at byte {error.start}') from error
  return text.lstrip('\ufeff \t\r\n')


def _in_larger_set(content: bytes, encoding: str) -> str:
  """The text in the larger set that Windows calls `encoding`; '' if there is none, or the bytes are not in it."""
  try:
    return content.decode(_LARGER_SETS[encoding])
  except (KeyError, UnicodeDecodeError):
    return ''


def encoding_of(content: bytes) -> str:
  """The name of the Python codec for an XML document.

  A byte order mark decides; then the null bytes beside the first '<', which only UTF-16 and UTF-32 have; then the
  declared encoding, unless it is UTF-16 or UTF-32, which a document without null bytes is not in; then UTF-8.

  Raises:
    LookupError: if the declared encoding is unknown, or no character set.
  """
  if content[:1] == b'<' and content[1:2].isalpha():
    return 'utf-8'  # as nearly all are: nothing is declared, and no null byte or mark is there
  head = content[:_HEAD].lstrip()
  for mark, encoding in _MARKS:
    if content.startswith(mark) or head.startswith(mark):
      return encoding
  if wide := _wide_encoding(content):
    return wide
  declared = _DECLARED.match(head)
  if not declared:
    return 'utf-8'
  name = declared[1].decode('ascii', 'replace')
  try:
    codec = codecs.lookup(name).name.replace('-', '_')
  except LookupError:
    if content.isascii():  # in nearly all character sets these bytes are the same text
      return 'utf-8'
    raise
  if codec in _NO_CHARACTER_SETS:
    raise LookupError(f'encoding {name!r} is no character set')
  return 'utf-8' if codec.startswith(('utf_16', 'utf_32', 'utf_8', 'ascii')) else codec


def _wide_encoding(content: bytes) -> str:
  """UTF-16 or UTF-32 as the null bytes beside the first '<' show; '' if there are none."""
  first = content.find(b'<', 0, _HEAD)
  before, after = content[max(first - 3, 0) : max(first, 0)], content[first + 1 : first + 4]
  if first < 0 or not (before.endswith(b'\0') or after.startswith(b'\0')):
    return ''
  if b'\0\0\0' in (before, after):
    return 'utf-32-le' if first % 4 == 0 else 'utf-32-be'
  return 'utf-16-le' if first % 2 == 0 else 'utf-16-be'
