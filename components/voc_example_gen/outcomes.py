"""What the splits are when all images have been read: outcomes as rows to settle, and as settled."""

from collections.abc import Iterable, Iterator

from components.voc_example_gen.ingest import Outcome
from components.voc_example_gen.settle import Row, Settled


def rows(outcomes: Iterable[Outcome]) -> Iterator[Row]:
  """What settling needs of each outcome."""
  return (Row(outcome.image, outcome.split, outcome.digest, outcome.classes) for outcome in outcomes)


def settled(outcomes: Iterable[Outcome], found: Settled) -> Iterator[Outcome]:
  """The outcomes with their splits as settled; without those of images that have left all splits."""
  for outcome in outcomes:
    outcome.split = found.moves.get(outcome.image, outcome.split)
    if outcome.split:
      yield outcome
