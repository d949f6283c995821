"""Counts the objects of each class in a split, on Beam."""

import collections
import json
from collections.abc import Iterator, Mapping, Sequence

import apache_beam as beam

from components.evaluator.shards import Shard, shards_of
from detection import records
from detection.base import files


class CountClasses(beam.DoFn):
  """Counts the objects of a shard and writes {class name: count} to a .json file in `output`; yields its path."""

  def __init__(self, output: str) -> None:
    self._output = output

  def process(self, shard: Shard) -> Iterator[str]:
    counts: collections.Counter[str] = collections.Counter()
    for batch in shard.batches():
      for record in batch:
        counts.update(records.class_names(record))
    target = files.join(self._output, shard.name + '.json')
    files.write_text(target, json.dumps(counts))
    yield target


def count(pipeline: beam.Pipeline, examples: Sequence[str], output: str) -> None:
  """Adds the counting of every record in the TFRecord files `examples` to a Beam pipeline.

  The caller runs the pipeline; after that, `read` reads what is in `output`.
  """
  _ = (
    pipeline
    | 'Shards' >> beam.Create(shards_of(examples))
    | 'Spread' >> beam.Reshuffle()  # keeps Beam from fusing all shards into one worker
    | 'CountClasses' >> beam.ParDo(CountClasses(output))
  )


def read(folder: str) -> dict[str, int]:
  """{class name: objects}, summed over what workers wrote to `folder`; empty if nothing was counted."""
  total: collections.Counter[str] = collections.Counter()
  for uri in files.glob(files.join(folder, 'part-*.json')):
    total.update(json.loads(files.read_text(uri)))
  return dict(total)


def by_label(counts: Mapping[str, int], class_ids: Mapping[str, int], labels: Mapping[str, int]) -> dict[str, int]:
  """The counts, {class name: objects}, by the names of `labels`: those of names that share an id are added up.

  Args:
    counts: by names in the examples.
    class_ids: {class name in the examples: id}.
    labels: {class name: id}, one name an id.
  """
  names = {number: name for name, number in labels.items()}
  total: collections.Counter[str] = collections.Counter()
  for name, objects in counts.items():
    total[names[class_ids[name]]] += objects
  return dict(total)
