"""What is decided before an image is decoded: splits, shards, batches."""

from collections import Counter

from components.voc_example_gen import plan
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.settings import IngestSettings
from tests.support import voc_maker


def shard_of(*sizes):
  return plan.Shard('train', 0, 1, tuple(plan.Task(Item(f'{n}.jpg'), size) for n, size in enumerate(sizes)))


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
  total = sum(path.stat().st_size for path in (root / 'JPEGImages').iterdir())
  monkeypatch.setattr(plan, 'SHARD_BYTES', -(-total // 4))
  shards = plan.make(str(root), IngestSettings()).shards
  assert [shard.name for shard in shards] == [f'data_tfrecord-0000{number}-of-00004' for number in range(4)]
  assert {len(shard.tasks) for shard in shards} == {5}
  assert sum(len(shard.tasks) for shard in shards) == 20


def test_a_shard_has_few_images_however_small_they_are(tmp_path, monkeypatch):
  monkeypatch.setattr(plan, 'SHARD_IMAGES', 6)
  shards = plan.make(str(voc_maker.devkit(tmp_path, 20)), IngestSettings()).shards
  assert [len(shard.tasks) for shard in shards] == [5, 5, 5, 5]


def test_shards_have_the_splits_that_the_folder_gives_and_none_that_are_computed(tmp_path):
  root = voc_maker.devkit(tmp_path, 8)
  assert [shard.split for shard in plan.make(str(root), IngestSettings()).shards] == ['']
  lists = {'val': '000\n001\n', 'train': '002\n003\n004\n005\n006\n007\n'}
  voc_maker.write(root, {f'ImageSets/Main/{name}.txt': text for name, text in lists.items()})
  shards = plan.make(str(root), IngestSettings()).shards
  assert [(shard.split, len(shard.tasks)) for shard in shards] == [('eval', 2), ('train', 6)]


def test_no_image_is_opened(tmp_path, monkeypatch):
  from components.voc_example_gen import images
  from detection.base import files

  root = voc_maker.devkit(tmp_path, 8)
  monkeypatch.setattr(images, 'read', None)
  monkeypatch.setattr(files, 'sha256', None)
  assert plan.make(str(root), IngestSettings()).images == 8


def test_lines_tell_what_is_found_as_soon_as_it_is(tmp_path):
  lines = []
  plan.make(str(voc_maker.devkit(tmp_path, 4)), IngestSettings(), lines.append)
  assert lines == ['4 images, 4 other files', 'format voc: 4 images']
