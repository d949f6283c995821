"""tf.train.Example and TFRecord without TensorFlow: both are written, and TFRecord is read.

Each Beam worker process writes records; importing TensorFlow for these two small wire formats would cost it seconds
and hundreds of megabytes. Sources: tensorflow/core/example/{example,feature}.proto (the protobuf encoding) and
tensorflow/core/lib/io/record_writer.h (length, masked CRC-32C, data, masked CRC-32C). Tests read both with TensorFlow.
"""

import functools
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, cast

import google_crc32c


class Readable(Protocol):
  """What is read from: a file open for reading bytes."""

  def read(self, size: int, /) -> bytes: ...


class Writable(Protocol):
  """What is written to: a file open for writing bytes."""

  def write(self, data: bytes, /) -> int: ...


Value = Sequence[bytes] | Sequence[float] | Sequence[int]
_LENGTH_DELIMITED = 2
_KINDS = {'bytes': 1, 'float': 2, 'int64': 3}


def serialize(features: Mapping[str, tuple[str, Value]]) -> bytes:
  """Encodes a tf.train.Example.

  Args:
    features: {key: (kind, values)}, kind one of 'bytes', 'float' (stored as float32) and 'int64' (not negative).

  Returns:
    Its bytes; equal features give equal bytes, whatever their order.
  """
  # Pieces are joined once, at the end: the image would be copied at each of four levels otherwise.
  pieces = [piece for key in sorted(features) for piece in _entry(key, *features[key])]
  return b''.join([_head(1, sum(map(len, pieces))), *pieces])


def _entry(key: str, kind: str, values: Value) -> list[bytes]:
  """One entry of Features.feature: its key, and within a Feature the list of values."""
  content = _list(kind, values)
  length = sum(map(len, content))
  head = _head(_KINDS[kind], length)
  head = _name(key) + _head(2, len(head) + length) + head
  return [_head(1, len(head) + length) + head, *content]


def _list(kind: str, values: Value) -> list[bytes]:
  if kind == 'bytes':
    return [piece for value in cast(Sequence[bytes], values) for piece in (_head(1, len(value)), value)]
  if not values:
    return []
  if kind == 'float':
    packed = struct.pack(f'<{len(values)}f', *values)
  else:
    packed = b''.join(map(_varint, cast(Sequence[int], values)))
  return [_head(1, len(packed)), packed]


@functools.lru_cache(maxsize=64)
def _name(key: str) -> bytes:
  name = key.encode()
  return _head(1, len(name)) + name


@functools.lru_cache(maxsize=4096)
def _head(number: int, length: int) -> bytes:
  """The bytes before a length-delimited field's content: the field number with its wire type, and the length."""
  return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(length)


def _varint(value: int) -> bytes:
  if value < 0x80:
    return bytes((value,))
  parts = bytearray()
  while value >= 0x80:
    parts.append(value & 0x7F | 0x80)
    value >>= 7
  parts.append(value)
  return bytes(parts)


def write_record(file: Writable, record: bytes) -> None:
  """Appends one TFRecord to a file opened for writing bytes."""
  length = struct.pack('<Q', len(record))
  file.write(length + _masked_crc(length))
  file.write(record)
  file.write(_masked_crc(record))


def read_records(file: Readable) -> Iterator[bytes]:
  """The records of an uncompressed TFRecord file, in order.

  Raises:
    ValueError: if the file is cut short, or a checksum does not fit.
  """
  count = 0
  while header := file.read(12):
    count += 1
    (length,) = struct.unpack('<Q', _checked(header[:8], header[8:], count))
    yield _checked(file.read(length), file.read(4), count)


def _checked(data: bytes, checksum: bytes, number: int) -> bytes:
  if _masked_crc(data) != checksum:
    raise ValueError(f'record {number} is cut short or damaged')
  return data


def _masked_crc(data: bytes) -> bytes:
  crc = google_crc32c.value(data)
  return struct.pack('<I', ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
