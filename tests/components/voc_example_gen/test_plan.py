"""What is decided before an image is decoded: splits, shards, batches."""

from collections import Counter

from components.voc_example_gen import plan
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.settings import IngestSettings
from tests.support import voc_maker


def shard_of(*sizes):
  return plan.Shard('train', 0, 1, tuple(plan.Task(Item(f'{n}.jpg'), '', size) for n, size in enumerate(sizes)))


def test_small_images_are_handed_over_together_and_large_ones_alone():
  half, large = plan.BATCH_BYTES // 2, 5 * plan.BATCH_BYTES
  batches = shard_of(1, half, half, large, 1, 2, large, large).batches()
  assert [[task.size for task in batch] for batch in batches] == [[1, half], [half], [large], [1, 2], [large], [large]]


def test_stratified_reads_the_classes_from_the_annotations(tmp_path):
  planned, outcomes, _ = voc_maker.examine(
    voc_maker.devkit(tmp_path, 20), split={'method': 'stratified', 'eval_fraction': 0.5}
  )
  found = Counter((outcome.split, outcome.objects[0][0]) for outcome in outcomes.values())
  assert found == {('train', 'cat'): 5, ('train', 'dog'): 5, ('eval', 'cat'): 5, ('eval', 'dog'): 5}


def test_a_split_is_cut_into_shards_of_about_equal_size(tmp_path, monkeypatch):
  root = voc_maker.devkit(tmp_path, 20)
  size = (root / 'JPEGImages/000.jpg').stat().st_size
  monkeypatch.setattr(plan, 'SHARD_BYTES', 5 * size)
  shards = plan.make(str(root), IngestSettings()).shards
  assert [shard.name for shard in shards if shard.split == 'train'][0] == 'data_tfrecord-00000-of-00004'
  assert {len(shard.tasks) for shard in shards} <= {3, 4, 5}
  assert sum(len(shard.tasks) for shard in shards) == 20


def test_lines_tell_what_is_found_as_soon_as_it_is(tmp_path):
  lines = []
  plan.make(str(voc_maker.devkit(tmp_path, 4)), IngestSettings(), lines.append)
  assert lines == [f'{tmp_path}: listing files', '4 images, 4 other files', 'format voc: 4 images']
