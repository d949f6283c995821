"""Finds what TensorFlow's decoders (libpng, libjpeg) refuse in a PNG or JPEG, although Pillow opens it.

Pillow stops as soon as it has the last row. libpng and libjpeg read on to the end of the file, and check all of it.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_HEADER = '>IIBBBBB'  # width, height, bits of a sample, colour type, compression, filter, interlace
_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_CRITICAL = frozenset({b'IHDR', b'PLTE', b'IDAT', b'IEND'})
# {colour type: (samples of a pixel, bits that a sample may have)}
_COLOURS = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)), 6: (4, (8, 16))}
_PALETTE = 3
# (first column, first row, every nth column, every nth row) of the seven passes of an interlaced PNG
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_INFLATED_AT_ONCE = 2**18
_END_OF_JPEG = b'\xff\xd9'
# A marker in entropy-coded data: not a stuffed zero, a restart or fill bytes.
_MARKER = re.compile(rb'\xff([\x01-\xcf\xd8-\xfe])')
_WITHOUT_LENGTH = frozenset({0x01, 0xD8})
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_COMMON_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended and progressive, all with Huffman codes


class _Chunk(NamedTuple):
  kind: bytes
  data: memoryview


def problem_of_png(content: bytes) -> str:
  """What libpng would stop at, in a few words; '' if nothing.

  Every chunk must be whole, with its checksum and in its place, up to IEND; and the pixels must be complete, with the
  checksum of their own.
  """
  if not content.startswith(_SIGNATURE):
    return 'no PNG signature'
  chunks: list[_Chunk] = []
  for chunk, checksum in _chunks(content):
    if zlib.crc32(chunk.data, zlib.crc32(chunk.kind)) != checksum:
      return f'chunk {_name(chunk)} does not have its checksum'
    if problem := _problem_of_chunk(chunk, chunks):
      return f'chunk {_name(chunk)} {problem}'
    chunks.append(chunk)
    if chunk.kind == b'IEND':
      return _problem_of_pixels(chunks)
  return 'its end is missing'


def _chunks(content: bytes) -> Iterator[tuple[_Chunk, int]]:
  """All whole chunks, each with the checksum that is written behind it."""
  view = memoryview(content)
  place = len(_SIGNATURE)
  while place + 12 <= len(content):
    (length,) = struct.unpack_from('>I', content, place)
    end = place + 8 + length
    if end + 4 > len(content):
      return
    yield _Chunk(content[place + 4 : place + 8], view[place + 8 : end]), struct.unpack_from('>I', content, end)[0]
    place = end + 4


def _problem_of_chunk(chunk: _Chunk, before: Sequence[_Chunk]) -> str:
  """What is wrong with a chunk's kind, size or place; '' if nothing."""
  kind, size = chunk.kind, len(chunk.data)
  if (kind == b'IHDR') != (not before):
    return 'is not where it must be'
  if not kind.isalpha() or (kind[:1].isupper() and kind not in _CRITICAL):
    return 'is unknown'
  if kind == b'IHDR' and not _is_header(chunk.data):
    return 'asks for a kind of PNG that does not exist'
  if kind == b'PLTE' and (size % 3 or not 3 <= size <= 768 or {b'PLTE', b'IDAT'} & {other.kind for other in before}):
    return 'is no palette, or not where it must be'
  if kind == b'IDAT' and before[-1].kind != b'IDAT' and any(other.kind == b'IDAT' for other in before):
    return 'is not where it must be'
  return 'is not empty' if kind == b'IEND' and size else ''


def _is_header(data: memoryview) -> bool:
  if len(data) != struct.calcsize(_HEADER):
    return False
  width, height, bits, colour, compression, filtering, interlace = struct.unpack(_HEADER, data)
  known = colour in _COLOURS and bits in _COLOURS[colour][1]
  return bool(width and height and known and not compression and not filtering and interlace in (0, 1))


def _problem_of_pixels(chunks: Sequence[_Chunk]) -> str:
  """Inflates all pixels, without keeping them."""
  if chunks[0].data[9] == _PALETTE and all(chunk.kind != b'PLTE' for chunk in chunks):
    return 'its palette is missing'
  inflate = zlib.decompressobj()
  length = 0
  try:
    for chunk in chunks:
      waiting: bytes | memoryview = chunk.data if chunk.kind == b'IDAT' else b''
      while waiting and not inflate.eof:
        length += len(inflate.decompress(waiting, _INFLATED_AT_ONCE))
        waiting = inflate.unconsumed_tail
    while not inflate.eof and (rest := inflate.decompress(b'', _INFLATED_AT_ONCE)):
      length += len(rest)
  except zlib.error as error:
    return f'its pixels cannot be read: {error}'
  if not inflate.eof or length < _length_of_pixels(chunks[0].data):
    return 'its pixels are not complete'
  return ''


def _length_of_pixels(header: memoryview) -> int:
  """Bytes of all rows, each with the byte that tells its filter."""
  width, height, bits, colour, _, _, interlace = struct.unpack(_HEADER, header)
  bits *= _COLOURS[colour][0]
  parts = [(width, height)]
  if interlace:
    parts = [(-(-(width - x) // every), -(-(height - y) // nth)) for x, y, every, nth in _PASSES]
  return sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in parts if columns > 0 and rows > 0)


def _name(chunk: _Chunk) -> str:
  return chunk.kind.decode('ascii', 'backslashreplace')


def problem_of_jpeg(content: bytes) -> str:
  """What libjpeg as TensorFlow uses it would stop at; '' if nothing. Pillow does not need the end marker."""
  if content.endswith(_END_OF_JPEG):
    return ''
  if any(marker == _END_OF_JPEG[1] for marker, _ in _markers(content)):
    return ''  # more bytes follow, which no decoder reads
  return 'its end is missing'


def is_common_jpeg(content: bytes) -> bool:
  """Whether every decoder reads this kind of JPEG: 8 bits, Huffman codes; not lossless, and no arithmetic codes."""
  for marker, place in _markers(content):
    if marker in _START_OF_FRAME:
      return marker in _COMMON_FRAMES and content[place + 2 : place + 3] == b'\x08'
  return False


def _markers(content: bytes) -> Iterator[tuple[int, int]]:
  """The markers of a JPEG, each with the place of what follows it."""
  place = 2
  while match := _MARKER.search(content, place):
    marker, place = match[1][0], match.end()
    yield marker, place
    if marker not in _WITHOUT_LENGTH:
      place += int.from_bytes(content[place : place + 2], 'big')
