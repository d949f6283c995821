"""Shards: the parts of the examples that Beam workers read, several for each file, so that one large file feeds all."""

import dataclasses
from collections.abc import Iterator, Sequence

from detection.base import local_copies

BATCH_SIZE = 8
SHARDS_A_FILE = 4


@dataclasses.dataclass(frozen=True)
class Shard:
  """Records `index`, `index + count`, `index + 2 * count`, ... of the TFRecord `file`, as tf.data's `shard` takes them.

  name: names the file that a worker writes about this shard; a retry writes the same one again.
  """

  file: str
  index: int
  count: int
  name: str

  def batches(self) -> Iterator[list[bytes]]:
    """The serialized examples, at most BATCH_SIZE at a time."""
    import tensorflow as tf

    dataset = tf.data.TFRecordDataset(local_copies.readable(self.file)).shard(self.count, self.index)
    for batch in dataset.batch(BATCH_SIZE).prefetch(2).as_numpy_iterator():
      yield batch.tolist()


def shards_of(examples: Sequence[str]) -> list[Shard]:
  """All shards of the TFRecord files `examples`."""
  return [
    Shard(file, index, SHARDS_A_FILE, f'part-{number:05d}-{index}-of-{SHARDS_A_FILE}')
    for number, file in enumerate(sorted(examples))
    for index in range(SHARDS_A_FILE)
  ]
