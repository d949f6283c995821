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
  pieces = [b'']
  for key in sorted(features):
    kind, values = features[key]
    if kind == 'int64':
      pieces.append(_integers(key, tuple(cast(Sequence[int], values))))
    else:
      pieces += _entry(key, kind, _list(kind, values))
  pieces[0] = _head(1, sum(map(len, pieces)))
  return b''.join(pieces)


@functools.lru_cache(maxsize=4096)  # flags and sizes are nearly always the same
def _integers(key: str, values: tuple[int, ...]) -> bytes:
  packed = b''.join(map(_varint, values))
  return b''.join(_entry(key, 'int64', [_head(1, len(packed)), packed] if values else []))


def _entry(key: str, kind: str, content: list[bytes]) -> list[bytes]:
  """One entry of Features.feature: its key, and within a Feature the list of values, encoded, in pieces."""
  return [_before(key, kind, sum(map(len, content))), *content]


@functools.lru_cache(maxsize=4096)
def _before(key: str, kind: str, length: int) -> bytes:
  """What stands in an entry before a list of so many bytes."""
  head = _head(_KINDS[kind], length)
  head = _name(key) + _head(2, len(head) + length) + head
  return _head(1, len(head) + length) + head


def _list(kind: str, values: Value) -> list[bytes]:
  if kind == 'bytes':
    return [piece for value in cast(Sequence[bytes], values) for piece in (_head(1, len(value)), value)]
  packed = struct.pack(f'<{len(values)}f', *values)
  return [_head(1, len(packed)), packed] if values else []


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


def write_record(file: Writable, record: bytes) -> bytes:
  """Appends one TFRecord to a file opened for writing bytes; returns its frame: its length and its checksums."""
  length = struct.pack('<Q', len(record))
  header, footer = length + _masked_crc(length), _masked_crc(record)
  file.write(header)
  file.write(record)
  file.write(footer)
  return header + footer


def read_records(file: Readable) -> Iterator[bytes]:
  """The records of an uncompressed TFRecord file, in order. Raises ValueError as `read_framed`."""
  return (record for _, record in read_framed(file))


def read_framed(file: Readable) -> Iterator[tuple[bytes, bytes]]:
  """The frame (see `write_record`) of each record of an uncompressed TFRecord file, and the record, in order.

  Raises:
    ValueError: if the file is cut short, or a checksum does not fit.
  """
  count = 0
  while header := file.read(12):
    count += 1
    (length,) = struct.unpack('<Q', _checked(header[:8], header[8:], count))
    record, footer = file.read(length), file.read(4)
    yield header + footer, _checked(record, footer, count)


def _checked(data: bytes, checksum: bytes, number: int) -> bytes:
  if _masked_crc(data) != checksum:
    raise ValueError(f'record {number} is cut short or damaged')
  return data


def _masked_crc(data: bytes) -> bytes:
  crc = google_crc32c.value(data)
  return struct.pack('<I', ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
