"""Portions of images with all that is found out image by image: workers write them, the metrics read one at a time."""

import contextlib
import dataclasses
import io
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from detection.base import files
from detection.metrics import operating, ranked, voc
from detection.metrics.operating import Assignment
from detection.metrics.results import Results
from detection.metrics.slices import Parting


@dataclasses.dataclass(frozen=True)
class Portion:
  """Some images, matched by the rules of COCO, at the IoU of precision and recall, and by those of Pascal VOC."""

  results: Results
  assignment: Assignment
  voc: voc.Matching

  def rows(self, numbers: np.ndarray | None = None, parting: Parting | None = None) -> np.ndarray:
    """As ranked.rows gives them.

    Args:
      numbers: [I] the images' indices among all images; None if there are no others.
      parting: notes the images, and tells which part each is in.
    """
    return ranked.rows(
      self.results,
      numbers=numbers,
      assigned=(self.assignment.hit, self.assignment.ignored),
      voc=(self.voc.hit, self.voc.ignored),
      parts=parting.add(self.results) if parting else None,
    )

  def ranked(self) -> ranked.Ranked:
    """The rows, ranked; held in memory."""
    return ranked.in_memory(self.rows())

  def save(self, uri: str) -> None:
    """Writes an .npz that appears whole."""
    columns = {field.name: getattr(self.results, field.name) for field in dataclasses.fields(Results)}
    columns |= {'iou': np.array(self.assignment.iou), 'assigned': self.assignment.object}
    columns |= {'voc_hit': self.voc.hit, 'voc_ignored': self.voc.ignored}
    buffer = io.BytesIO()
    np.savez(buffer, **columns)
    files.write_bytes(uri, buffer.getvalue())


class Held(list[Portion]):
  """Portions that are held in memory."""

  def names(self) -> Iterator[np.ndarray]:
    """The names of the images of each portion."""
    return (portion.results.names for portion in self)


class Stored:
  """Portions in files, read one at a time."""

  def __init__(self, uris: Sequence[str]) -> None:
    self._uris = uris

  def __iter__(self) -> Iterator[Portion]:
    return map(read, self._uris)

  def names(self) -> Iterator[np.ndarray]:
    """The names of the images of each portion."""
    for uri in self._uris:
      with files.open(uri) as file, np.load(file, allow_pickle=False) as columns:
        yield columns['names']


def of(matched: Results, iou: float) -> Portion:
  """Matches by all rules. iou: the least overlap of a hit for precision, recall and F1, in (0, 1]."""
  return Portion(matched, operating.assign_all(matched, iou), voc.match(matched))


def read(uri: str) -> Portion:
  """Reads a file that `save` wrote."""
  with files.open(uri) as file, np.load(io.BytesIO(file.read()), allow_pickle=False) as columns:
    matched = Results(**{field.name: columns[field.name] for field in dataclasses.fields(Results)})
    assignment = operating.assignment(matched, float(columns['iou']), columns['assigned'])
    return Portion(matched, assignment, voc.Matching(columns['voc_hit'], columns['voc_ignored']))


@contextlib.contextmanager
def rank(portions: Held | Stored, parting: Parting) -> Iterator[ranked.Ranked]:
  """All rows of all portions, ranked; within the `with` block alone.

  Args:
    portions: of different images.
    parting: notes the images.

  Raises:
    ValueError: if an image is in two portions.
  """
  numbers = _numbers(portions.names())
  blocks = (portion.rows(number, parting) for portion, number in zip(portions, numbers, strict=True))
  with ranked.ranked(blocks) as ordered:
    yield ordered


def _numbers(names: Iterable[np.ndarray]) -> list[np.ndarray]:
  """The index of each image of each portion in the order of all names."""
  # As bytes, which are as long as the names; numpy's text takes four bytes a character. Their order is the same.
  encoded = [np.char.encode(some, 'utf-8', 'surrogatepass') for some in names]
  if not encoded:
    return []
  ends = np.cumsum([len(some) for some in encoded])
  joined = np.concatenate(encoded)
  order = np.argsort(joined, kind='stable')
  joined = joined[order]
  twice = joined[1:][joined[1:] == joined[:-1]]
  if len(twice):
    raise ValueError(f'{twice[0].decode()}: the image is in two parts')
  numbers = np.empty(len(order), np.int32)
  numbers[order] = np.arange(len(order), dtype=np.int32)
  return np.split(numbers, ends[:-1])
