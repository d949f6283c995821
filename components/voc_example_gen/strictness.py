"""Finds what TensorFlow's decoders (libpng, libjpeg) refuse in a PNG or JPEG, although Pillow opens it.

Pillow stops as soon as it has the last row. libpng and libjpeg read on to the end of the file, and check all of it.
"""

import functools
import itertools
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from isal import isal_zlib

from components.voc_example_gen.refusals import Reason, RefusedFileError

_HEADER = '>IIBBBBB'  # width, height, bits of a sample, colour type, compression, filter, interlace
_SIGNATURE = b'\x89PNG\r\n\x1a\n'
_CRITICAL = frozenset({b'IHDR', b'PLTE', b'IDAT', b'IEND'})
# {colour type: (samples of a pixel, bits that a sample may have)}
_COLOURS = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)), 6: (4, (8, 16))}
_PALETTE = 3
# (first column, first row, every nth column, every nth row) of the seven passes of an interlaced PNG
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_INFLATED_AT_ONCE = 2**18
_MOST_TOO_MANY = 2  # libpng reads on after the last row; a stream of twice the pixels is no slip of an encoder
_END_OF_JPEG = b'\xff\xd9'
# A marker in entropy-coded data: not a stuffed zero, a restart or fill bytes.
_MARKER = re.compile(rb'\xff([\x01-\xcf\xd8-\xfe])')
_WITHOUT_LENGTH = frozenset({0x01, 0xD8})
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
COMMON_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended and progressive, all with Huffman codes


class _Chunk(NamedTuple):
  kind: bytes
  data: memoryview


def unpack_png(content: bytes) -> bytes:
  """Checks a PNG as libpng does, and returns one of the same pixels, not compressed.

  Every chunk must be whole, with its checksum and in its place, up to IEND; and the pixels must be complete, with the
  checksum of their own. Inflating them proves it; who decodes what is returned does not inflate them again.

  Raises:
    RefusedFileError: IMAGE_CORRUPT, and what libpng would stop at.
  """
  chunks = _checked_chunks(content)
  pixels = _stored_pixels(chunks)
  others = [chunk for chunk in chunks if chunk.kind != b'IDAT']
  first = next(place for place, chunk in enumerate(chunks) if chunk.kind == b'IDAT')
  parts = [_written(chunk.kind, [chunk.data]) for chunk in others]
  parts.insert(first, _written(b'IDAT', pixels))
  return b''.join(itertools.chain([_SIGNATURE], *parts))


def _checked_chunks(content: bytes) -> list[_Chunk]:
  if not content.startswith(_SIGNATURE):
    raise _corrupt('no PNG signature')
  chunks: list[_Chunk] = []
  for chunk, checksum in _chunks(content):
    if zlib.crc32(chunk.data, zlib.crc32(chunk.kind)) != checksum:
      raise _corrupt(f'chunk {_name(chunk)} does not have its checksum')
    if problem := _problem_of_chunk(chunk, chunks):
      raise _corrupt(f'chunk {_name(chunk)} {problem}')
    chunks.append(chunk)
    if chunk.kind == b'IEND':
      return chunks
  raise _corrupt('its end is missing')


def _corrupt(problem: str) -> RefusedFileError:
  return RefusedFileError(Reason.IMAGE_CORRUPT, problem)


def _written(kind: bytes, data: Sequence[bytes | memoryview]) -> list[bytes | memoryview]:
  """A chunk with this data, in parts."""
  checksum = functools.reduce(lambda so_far, part: zlib.crc32(part, so_far), data, zlib.crc32(kind))
  return [struct.pack('>I', sum(map(len, data))), kind, *data, struct.pack('>I', checksum)]


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


def _stored_pixels(chunks: Sequence[_Chunk]) -> list[bytes]:
  """Inflates all pixels, and stores them in a zlib stream without compression; in parts."""
  if chunks[0].data[9] == _PALETTE and all(chunk.kind != b'PLTE' for chunk in chunks):
    raise _corrupt('its palette is missing')
  needed = _length_of_pixels(chunks[0].data)
  store = zlib.compressobj(0)
  stored: list[bytes] = []
  length = 0
  for rows in _inflate(chunks):
    stored.append(store.compress(rows[: max(needed - length, 0)]))
    length += len(rows)
    if length > _MOST_TOO_MANY * needed + _INFLATED_AT_ONCE:
      raise _corrupt('it holds far more than its pixels')
  if length < needed:
    raise _corrupt('its pixels are not complete')
  return [*stored, store.flush()]


def _inflate(chunks: Sequence[_Chunk]) -> Iterator[bytes]:
  """The pixels as they are filtered, part by part, to the end of their stream."""
  inflate = isal_zlib.decompressobj()
  try:
    for chunk in chunks:
      waiting: bytes | memoryview = chunk.data if chunk.kind == b'IDAT' else b''
      while waiting and not inflate.eof:
        yield inflate.decompress(waiting, _INFLATED_AT_ONCE)
        waiting = inflate.unconsumed_tail
    while not inflate.eof and (rest := inflate.decompress(b'', _INFLATED_AT_ONCE)):
      yield rest
  except isal_zlib.IsalError as error:  # type: ignore[misc]  # its stub has an instance
    raise _corrupt(f'its pixels cannot be read: {error}') from error
  if not inflate.eof:
    raise _corrupt('its pixels are not complete')


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


def check_jpeg(content: bytes) -> None:
  """Checks that a JPEG has its end marker, which TensorFlow needs and Pillow does not.

  Raises:
    RefusedFileError: IMAGE_CORRUPT.
  """
  if content.endswith(_END_OF_JPEG):
    return
  if all(marker != _END_OF_JPEG[1] for marker, _ in _markers(content)):  # else more bytes follow: no decoder reads them
    raise _corrupt('its end is missing')


def is_common_jpeg(content: bytes) -> bool:
  """Whether every decoder reads this kind of JPEG: 8 bits, Huffman codes; not lossless, and no arithmetic codes."""
  for marker, place in _markers(content):
    if marker in _START_OF_FRAME:
      return marker in COMMON_FRAMES and content[place + 2 : place + 3] == b'\x08'
  return False


def _markers(content: bytes) -> Iterator[tuple[int, int]]:
  """The markers of a JPEG, each with the place of what follows it."""
  place = 2
  while match := _MARKER.search(content, place):
    marker, place = match[1][0], match.end()
    yield marker, place
    if marker not in _WITHOUT_LENGTH:
      place += int.from_bytes(content[place : place + 2], 'big')
