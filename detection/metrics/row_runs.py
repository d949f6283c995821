"""Sorts rows on disk: sorted runs are written to files, and merged block by block.

The order is that of COCO: by class, then best score first, then by image. Rows that are equal in all three keep theirs.
"""

import os
from collections.abc import Iterator, Sequence

import numpy as np

Key = tuple[int, float, int]


def ordered(rows: np.ndarray) -> np.ndarray:
  """The rows, sorted."""
  return rows[np.lexsort((rows['image'], -rows['score'], rows['class']))]


def read(path: str, dtype: np.dtype, start: int, end: int) -> np.ndarray:
  """The rows with the numbers [start, end) of a file."""
  return np.fromfile(path, dtype, end - start, offset=start * dtype.itemsize)


def merged(paths: Sequence[str], dtype: np.dtype, most: int) -> Iterator[np.ndarray]:
  """All rows of files of sorted rows, sorted, in blocks; removes the files.

  Args:
    paths: the files. All rows of an image are in one of them.
    dtype: of a row.
    most: rows that are held.
  """
  runs = [_Run(path, dtype, max(1, most // len(paths))) for path in paths]
  while runs:
    last = [run.last() for run in runs if run.unread]
    taken = [run.take(min(last) if last else None) for run in runs]
    yield ordered(np.concatenate(taken))
    for run in runs:
      run.fill()
    runs = [run for run in runs if len(run.held)]
  for path in paths:
    os.remove(path)


class _Run:
  """The rows of one file; some are held.

  Attributes:
    held: the next rows.
    unread: rows that come after them.
  """

  def __init__(self, path: str, dtype: np.dtype, most: int) -> None:
    self._path, self._dtype, self._most = path, dtype, most
    self._size = self.unread = os.path.getsize(path) // dtype.itemsize
    self.held = np.zeros(0, dtype)
    self.fill()

  def fill(self) -> None:
    """Reads until as many are held as may be."""
    start = self._size - self.unread
    count = min(self._most - len(self.held), self.unread)
    if count:
      self.held = np.concatenate([self.held, read(self._path, self._dtype, start, start + count)])
      self.unread -= count

  def last(self) -> Key:
    """The key of the last row that is held."""
    row = self.held[-1]
    return int(row['class']), -float(row['score']), int(row['image'])

  def take(self, up_to: Key | None) -> np.ndarray:
    """Gives away the held rows with keys up to this one; all of them for None."""
    count = len(self.held) if up_to is None else self._count(up_to)
    taken, self.held = self.held[:count], self.held[count:]
    return taken

  def _count(self, up_to: Key) -> int:
    class_id, score, image = up_to
    classes, scores = self.held['class'], -self.held['score']
    tied = (scores < score) | ((scores == score) & (self.held['image'] <= image))
    return int(np.count_nonzero((classes < class_id) | ((classes == class_id) & tied)))
