"""What becomes of one image, and of one shard."""

import os

import pytest

from components.voc_example_gen import ingest, plan
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.refusals import Reason
from components.voc_example_gen.settings import IngestSettings
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

JPEG = encode(picture())


@pytest.mark.parametrize('gone', ['a.jpg', 'a.xml'])
def test_a_file_that_disappears_while_reading_is_quarantined(tmp_path, gone):
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.jpg': JPEG, 'a.xml': voc(thing())})
  planned = plan.make(str(tmp_path), IngestSettings())
  (tmp_path / gone).unlink()
  task = next(task for shard in planned.shards for task in shard.tasks if task.item.image == 'a.jpg')
  record, outcome = ingest.process(planned.root, task, 'train', True)
  assert record == b''
  assert outcome.reason in (Reason.IMAGE_UNREADABLE.value, Reason.ANNOTATION_UNREADABLE.value)
  assert (outcome.file or outcome.image) == gone


def test_an_unreadable_file_is_quarantined(tmp_path):
  if os.geteuid() == 0:
    (tmp_path / 'a.jpg').symlink_to('nowhere')  # root may read everything: a dead link stands in
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.xml': voc(thing())})
  if os.geteuid() != 0:
    voc_maker.write(tmp_path, {'a.jpg': JPEG})
    (tmp_path / 'a.jpg').chmod(0)
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {'a.jpg': Reason.IMAGE_UNREADABLE.value}


def test_negatives_leave_by_switch(messy):
  _, outcomes, tally = voc_maker.examine(messy, keep_negatives=False)
  assert outcomes['JPEGImages/neg.jpg'].reason == 'negative_left_out'
  assert sum(tally.negatives.values()) == 0


@pytest.mark.parametrize('threads', [1, 2, 5])
@pytest.mark.parametrize('size', [0, 1, plan.BATCH_BYTES // 3, plan.BATCH_BYTES])
def test_results_come_in_the_order_of_the_shard(threads, size):
  tasks = tuple(plan.Task(Item(f'{n}.jpg'), '', size) for n in range(100))
  shard = plan.Shard('train', 0, 1, tasks)
  assert list(ingest.in_order(lambda task: task.item.image, shard, threads)) == [f'{n}.jpg' for n in range(100)]


def test_writing_a_shard_again_gives_the_same_bytes_and_outcomes(tmp_path):
  planned = plan.make(str(voc_maker.devkit(tmp_path / 'data', 6)), IngestSettings())
  writer = ingest.ShardWriter(planned.root, str(tmp_path / 'out'), str(tmp_path / 'outcomes'), True)
  written, images = [], []
  for _ in range(2):
    assert sum(writer.write(shard, lambda: images.append(1)) for shard in planned.shards) == 6
    records = {path.name: path.read_bytes() for path in sorted((tmp_path / 'out').glob('Split-*/*'))}
    written.append((records, list(writer.outcomes(planned.shards))))
  assert written[0] == written[1]
  assert [outcome.reason for outcome in written[0][1]] == [''] * 6
  assert len(images) == 12
