"""Shards are written whole, in order, and the same way twice."""

import shutil
import subprocess
import sys

import pytest

from components.voc_example_gen import plan, shard_writer
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.settings import IngestSettings
from detection import records
from detection.base import files
from tests.support import folders, voc_maker


@pytest.mark.parametrize('threads', [1, 2, 5])
@pytest.mark.parametrize('size', [0, 1, plan.BATCH_BYTES // 3, plan.BATCH_BYTES])
def test_results_come_in_the_order_of_the_shard(threads, size):
  tasks = tuple(plan.Task(Item(f'{n}.jpg'), size) for n in range(100))
  shard = plan.Shard('train', 0, 1, tasks)
  results = shard_writer.in_order(lambda batch: [task.item.image for task in batch], shard.batches(), threads)
  assert list(results) == [f'{n}.jpg' for n in range(100)]


@pytest.fixture
def planned(tmp_path):
  return plan.make(str(voc_maker.devkit(tmp_path / 'data', 6)), IngestSettings())


@pytest.fixture
def writer(planned, tmp_path):
  return shard_writer.ShardWriter(
    planned.root, str(tmp_path / 'out'), str(tmp_path / 'outcomes'), planned.placing, keep_negatives=True
  )


def test_the_files_of_batches_are_read_ahead_while_those_before_are_written(planned, writer, monkeypatch):
  monkeypatch.setattr(plan, 'BATCH_BYTES', 1)  # one image each
  monkeypatch.setattr(shard_writer, '_AHEAD', 2)
  asked, told = [], []
  monkeypatch.setattr(files, 'read_ahead', asked.append)
  (shard,) = planned.shards
  writer.write(shard, lambda: told.append(len(asked)))
  paths = [path for task in shard.tasks for path in (task.item.image, task.item.annotation_file)]
  assert asked == [f'{planned.root}/{path}' for path in paths]
  assert told == [6, 8, 10, 12, 12, 12]


def test_writing_a_shard_again_gives_the_same_bytes_and_outcomes(planned, writer, tmp_path):
  written, images = [], []
  for _ in range(2):
    assert sum(writer.write(shard, lambda: images.append(1)) for shard in planned.shards) == 6
    written.append((folders.content(tmp_path / 'out'), list(writer.outcomes(planned.shards))))
  assert written[0] == written[1]
  assert sorted(written[0][0]) == [f'Split-{split}/data_tfrecord-00000-of-00001' for split in ('eval', 'train')]
  assert [outcome.reason for outcome in written[0][1]] == [''] * 6
  assert len(images) == 12


KILLED = """
import os, sys
from components.voc_example_gen import plan, shard_writer
from components.voc_example_gen.settings import IngestSettings
planned = plan.make(sys.argv[1], IngestSettings())
writer = shard_writer.ShardWriter(planned.root, sys.argv[2], sys.argv[3], planned.placing, True)
images = []
writer.write(planned.shards[0], lambda: images.append(1) or (len(images) == 3 and os._exit(9)))
"""


def test_a_worker_killed_in_the_midst_leaves_no_half_shard(planned, writer, tmp_path):
  writer.write(planned.shards[0])
  expected = folders.content(tmp_path / 'out')
  shutil.rmtree(tmp_path / 'out')
  arguments = [planned.root, str(tmp_path / 'out'), str(tmp_path / 'outcomes')]
  killed = subprocess.run([sys.executable, '-c', KILLED, *arguments], check=False)
  assert killed.returncode == 9
  assert all('.partial-' in path for path in folders.content(tmp_path / 'out'))
  writer.write(planned.shards[0])  # what an engine does then
  for split in ('train', 'eval'):
    files.remove_unfinished(str(tmp_path / f'out/Split-{split}'))
  assert folders.content(tmp_path / 'out') == expected


def test_records_move_to_other_splits_in_a_copy_of_the_shard(planned, writer, tmp_path):
  (shard,) = planned.shards
  writer.write(shard)
  before = folders.content(tmp_path / 'out')
  placed = {outcome.image: outcome.split for outcome in writer.outcomes([shard])}
  leaves, moves = (image for image, split in list(placed.items())[:2])
  elsewhere = {'train': 'eval', 'eval': 'train'}[placed[moves]]
  for _ in range(2):  # a worker may be killed, and do its work again
    writer.move(shard, {leaves: '', moves: elsewhere}, str(tmp_path / 'moved'))
    expected = {image: split for image, split in placed.items() if image not in (leaves, moves)} | {moves: elsewhere}
    assert {
      image: split for split in ('train', 'eval') for image in names(tmp_path / f'moved/Split-{split}')
    } == expected
  assert folders.content(tmp_path / 'out') == before


def names(folder):
  return [records.parse(record).name for record in records.read([str(path) for path in sorted(folder.iterdir())])]
