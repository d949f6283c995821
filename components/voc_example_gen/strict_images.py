"""Finds what TensorFlow's decoders (libpng, libjpeg) refuse in a PNG or JPEG, although Pillow opens it.

Looks at the file's structure only, and only at what is not decoded anyway: an ordinary file costs one checksum.
"""

import re
import struct
import zlib

_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_CRITICAL = frozenset({b'IHDR', b'PLTE', b'IDAT', b'IEND'})
_END_OF_JPEG = b'\xff\xd9'
# A marker in entropy-coded data: not a stuffed zero, a restart or fill bytes.
_MARKER = re.compile(rb'\xff([\x01-\xcf\xd8-\xfe])')
_WITHOUT_LENGTH = frozenset({0x01, 0xD8})


def problem_of_png(content: bytes) -> str:
  """What libpng would stop at, in a few words; '' if nothing.

  Every chunk must be whole, with its checksum, in the order that the PNG specification asks for, up to IEND.
  """
  if not content.startswith(_SIGNATURE):
    return 'no PNG signature'
  seen: list[bytes] = []
  place = len(_SIGNATURE)
  while place + 12 <= len(content):
    (length,) = struct.unpack_from('>I', content, place)
    kind = content[place + 4 : place + 8]
    end = place + 8 + length
    if end + 4 > len(content):
      break
    if zlib.crc32(memoryview(content)[place + 4 : end]) != struct.unpack_from('>I', content, end)[0]:
      return f'chunk {_name(kind)} does not have its checksum'
    if problem := _misplaced(kind, length, seen):
      return f'chunk {_name(kind)} {problem}'
    if kind == b'IEND':
      return '' if b'IDAT' in seen else 'no pixels'
    seen.append(kind)
    place = end + 4
  return 'its end is missing'


def _misplaced(kind: bytes, length: int, seen: list[bytes]) -> str:
  """What is wrong with a chunk's kind, length or place after those before it; '' if nothing."""
  if (kind == b'IHDR') != (not seen):
    return 'is not where it must be'
  if not kind.isalpha():
    return 'has no name'
  if kind[0:1].isupper() and kind not in _CRITICAL:
    return 'is unknown'
  if kind == b'PLTE' and (length % 3 or not 3 <= length <= 768 or kind in seen or b'IDAT' in seen):
    return 'is no palette'
  if kind == b'IDAT' and b'IDAT' in seen and seen[-1] != b'IDAT':
    return 'is not where it must be'
  return 'is not empty' if kind == b'IEND' and length else ''


def _name(kind: bytes) -> str:
  return kind.decode('ascii', 'backslashreplace')


def problem_of_jpeg(content: bytes) -> str:
  """What libjpeg as TensorFlow uses it would stop at; '' if nothing. Pillow does not need the end marker."""
  if content.endswith(_END_OF_JPEG):
    return ''
  place = 2
  while match := _MARKER.search(content, place):
    marker, place = match[1][0], match.end()
    if marker == _END_OF_JPEG[1]:
      return ''  # more bytes follow, which no decoder reads
    if marker not in _WITHOUT_LENGTH:
      place += int.from_bytes(content[place : place + 2], 'big')
  return 'its end is missing'
