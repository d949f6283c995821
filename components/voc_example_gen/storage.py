"""What ingestion asks of the file layer: sizes, and files of limited size whose faults are counted."""

import os
import posixpath
import stat

from components.voc_example_gen.formats.annotation import Reason, Refused
from detection.base import files


def size(uri: str) -> int | None:
  """Size in bytes; 0 for remote files, whose size only costs a call, and None for what is no plain file (a pipe)."""
  if files.is_remote(uri):
    return 0
  status = os.stat(uri)
  return status.st_size if stat.S_ISREG(status.st_mode) else None


def read(root: str, path: str, limit: int, unreadable: Reason, too_large: Reason) -> bytes:
  """The content of one file below `root`.

  Raises:
    Refused: `too_large` above `limit` bytes; `unreadable` if the file is gone or may not be read.
  """
  uri = posixpath.join(root, path)
  try:
    with files.open(uri, 'rb') as file:
      # A read sets aside all it is asked for: not `limit` for every small file.
      known = limit if files.is_remote(uri) else os.fstat(file.fileno()).st_size
      content = file.read(min(known, limit) + 1)
  except files.errors(uri) as error:
    raise Refused(unreadable, getattr(error, 'strerror', None) or type(error).__name__) from error
  if len(content) > limit:
    raise Refused(too_large, f'expected at most {limit} bytes')
  return content
