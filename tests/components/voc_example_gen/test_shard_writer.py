"""Shards are written whole, in order, and the same way twice."""

import pytest

from components.voc_example_gen import plan, shard_writer
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.settings import IngestSettings
from tests.support import voc_maker


@pytest.mark.parametrize('threads', [1, 2, 5])
@pytest.mark.parametrize('size', [0, 1, plan.BATCH_BYTES // 3, plan.BATCH_BYTES])
def test_results_come_in_the_order_of_the_shard(threads, size):
  tasks = tuple(plan.Task(Item(f'{n}.jpg'), '', size) for n in range(100))
  shard = plan.Shard('train', 0, 1, tasks)
  assert list(shard_writer.in_order(lambda task: task.item.image, shard, threads)) == [f'{n}.jpg' for n in range(100)]


def test_writing_a_shard_again_gives_the_same_bytes_and_outcomes(tmp_path):
  planned = plan.make(str(voc_maker.devkit(tmp_path / 'data', 6)), IngestSettings())
  writer = shard_writer.ShardWriter(planned.root, str(tmp_path / 'out'), str(tmp_path / 'outcomes'), True)
  written, images = [], []
  for _ in range(2):
    assert sum(writer.write(shard, lambda: images.append(1)) for shard in planned.shards) == 6
    records = {path.name: path.read_bytes() for path in sorted((tmp_path / 'out').glob('Split-*/*'))}
    written.append((records, list(writer.outcomes(planned.shards))))
  assert written[0] == written[1]
  assert [outcome.reason for outcome in written[0][1]] == [''] * 6
  assert len(images) == 12
