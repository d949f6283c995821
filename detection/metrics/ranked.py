"""Matched detections in the order in which metrics read them: class by class, best score first, block by block.

Many are sorted on disk, so that no more than some blocks are held, however many detections one class has.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from detection.metrics import row_runs
from detection.metrics.results import Results

PARTINGS = 3  # ways in which images are parted: see slices.Parting
BLOCK_ROWS = 2**18  # rows that are read at once
RUN_ROWS = 2**20  # rows that are sorted at once

# A row is a detection, or an object, which comes before its class's detections: its score is infinite.
#   image            index of the image, in the order of all images' names
#   hits, ignored    as in matching.Matches; of an object, the first four of `hits` are a row of Matches.counted
#   right, neither   hit and ignored of operating.Assignment; `right` of an object: it is neither difficult nor crowd
#   voc_...          the same by the rules of Pascal VOC
#   parts            which part of the images the row's image is in, by each way to part them
ROW = np.dtype(
  [
    *(('class', 'i4'), ('score', 'f8'), ('image', 'i4'), ('rank', 'u1'), ('hits', 'u1', (5,)), ('ignored', 'u1', (5,))),
    *(('right', '?'), ('neither', '?'), ('voc_right', '?'), ('voc_neither', '?'), ('object', '?')),
    ('parts', 'i4', (PARTINGS,)),
  ]
)

Pair = tuple[np.ndarray, np.ndarray]


class Ranked:
  """Rows (see ROW) in order of class, score and image."""

  def __init__(self, read: Callable[[int, int], np.ndarray], places: Mapping[int, tuple[int, int, int]]) -> None:
    """read: gives rows by their numbers [start, stop). places: {class id: its first object, first detection, end}."""
    self._read = read
    self._places = places

  @property
  def count(self) -> int:
    """Number of detections."""
    return sum(end - first for _, first, end in self._places.values())

  def objects(self, class_id: int) -> Iterator[np.ndarray]:
    """The objects of a class, in order of images, a block at a time."""
    start, first, _ = self._places.get(class_id, (0, 0, 0))
    return self._blocks(start, first)

  def detections(self, class_id: int) -> Iterator[np.ndarray]:
    """The detections of a class, best score first, a block at a time."""
    _, first, end = self._places.get(class_id, (0, 0, 0))
    return self._blocks(first, end)

  def backwards(self, class_id: int) -> Iterator[np.ndarray]:
    """The blocks of `detections`, the last one first."""
    _, first, end = self._places.get(class_id, (0, 0, 0))
    for start in reversed(range(first, end, BLOCK_ROWS)):
      yield self._read(start, min(start + BLOCK_ROWS, end))

  def _blocks(self, start: int, end: int) -> Iterator[np.ndarray]:
    for at in range(start, end, BLOCK_ROWS):
      yield self._read(at, min(at + BLOCK_ROWS, end))


def of(
  results: Results | Ranked, assigned: Pair | None = None, voc: Pair | None = None, parts: np.ndarray | None = None
) -> Ranked:
  """Ranks results that are held in memory; what is ranked stays as it is.

  Args:
    results: of all images.
    assigned, voc, parts: as in `rows`.
  """
  if isinstance(results, Ranked):
    return results
  return in_memory(rows(results, None, assigned, voc, parts))


def in_memory(portion: np.ndarray) -> Ranked:
  """Ranks rows that are held in memory."""
  ordered = row_runs.ordered(portion)
  return Ranked(lambda start, end: ordered[start:end], _places([_counts(ordered)]))


def rows(
  results: Results,
  numbers: np.ndarray | None = None,
  assigned: Pair | None = None,
  voc: Pair | None = None,
  parts: np.ndarray | None = None,
) -> np.ndarray:
  """The objects and detections of some images, as rows in no order; what is not given is zero.

  Args:
    results: of the images.
    numbers: [I] the images' indices among all images; None if there are no others.
    assigned: hit and ignored of an Assignment.
    voc: the same by the rules of Pascal VOC.
    parts: [I, PARTINGS].
  """
  numbers = np.arange(len(results.names)) if numbers is None else numbers
  objects, found = np.zeros(len(results.object_class), ROW), np.zeros(len(results.scores), ROW)
  objects['class'], objects['image'], objects['object'] = results.object_class, numbers[results.object_image], True
  objects['score'] = np.inf
  objects['hits'][:, :4] = results.object_counted
  objects['right'] = ~(results.object_difficult | results.object_crowd)
  found['class'], found['image'], found['rank'] = results.classes, numbers[results.image], results.ranks
  # Where a model gives NaN, order is still needed.
  found['score'] = np.where(np.isnan(results.scores), -np.inf, results.scores)
  found['hits'], found['ignored'] = results.hits, results.ignored
  for pair, names in ((assigned, ('right', 'neither')), (voc, ('voc_right', 'voc_neither'))):
    if pair is not None:
      found[names[0]], found[names[1]] = pair
  if parts is not None:
    objects['parts'], found['parts'] = parts[results.object_image], parts[results.image]
  return np.concatenate([objects, found])


@contextlib.contextmanager
def ranked(portions: Iterable[np.ndarray]) -> Iterator[Ranked]:
  """Ranks rows that come in portions. All rows of an image have to be in one of them.

  Up to RUN_ROWS are sorted in memory. More are sorted in files of a temporary folder, twice as large as all rows.
  """
  with tempfile.TemporaryDirectory(prefix='ranked-') as folder:
    runs: list[str] = []
    held: list[np.ndarray] = []
    for portion in portions:
      held.append(portion)
      if sum(map(len, held)) >= RUN_ROWS:
        runs.append(_run(held, os.path.join(folder, f'run-{len(runs):06}')))
        held = []
    if not runs:
      yield in_memory(np.concatenate([np.zeros(0, ROW), *held]))
      return
    if held:
      runs.append(_run(held, os.path.join(folder, f'run-{len(runs):06}')))
      held = []
    yield _in_file(row_runs.merged(runs, ROW, RUN_ROWS), os.path.join(folder, 'ranked'))


def _run(held: Sequence[np.ndarray], path: str) -> str:
  row_runs.ordered(np.concatenate(held)).tofile(path)
  return path


def _in_file(blocks: Iterable[np.ndarray], path: str) -> Ranked:
  """Writes blocks of sorted rows to a file. The Ranked reads them from there, so the file has to stay."""
  counts = []
  with open(path, 'wb') as file:
    for block in blocks:
      counts.append(_counts(block))
      block.tofile(file)
  return Ranked(lambda start, end: row_runs.read(path, ROW, start, end), _places(counts))


def _counts(block: np.ndarray) -> dict[int, tuple[int, int]]:
  """{class id: (objects, rows)} of sorted rows, in their order."""
  ids, starts, counts = np.unique(block['class'], return_index=True, return_counts=True)
  return {
    class_id: (int(np.count_nonzero(block['object'][start : start + count])), count)
    for class_id, start, count in zip(ids.tolist(), starts.tolist(), counts.tolist(), strict=True)
  }


def _places(counts: Iterable[Mapping[int, tuple[int, int]]]) -> dict[int, tuple[int, int, int]]:
  total: dict[int, tuple[int, int]] = {}
  for block in counts:
    for class_id, (objects, all_rows) in block.items():
      before = total.get(class_id, (0, 0))
      total[class_id] = before[0] + objects, before[1] + all_rows
  places, start = {}, 0
  for class_id, (objects, all_rows) in total.items():
    places[class_id] = start, start + objects, start + all_rows
    start += all_rows
  return places
