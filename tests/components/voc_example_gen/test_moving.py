"""Images are put into other splits without being read again; the old files stay until all new ones are there."""

import pytest
import tensorflow as tf

from components.voc_example_gen import moving, plan, sums, writing
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.settle import Settled
from components.voc_example_gen.spread import stages
from detection.base import tf_example
from tests.support import voc_maker


@pytest.fixture
def written(tmp_path, monkeypatch):
  """20 images in three shards, divided by `hash`."""
  monkeypatch.setattr(plan, 'SHARD_BYTES', 4000)
  planned = plan.make(str(voc_maker.devkit(tmp_path / 'data', 20)), IngestSettings(split={'method': 'hash'}))
  assert len(planned.shards) > 2
  output = writing.Output(str(tmp_path / 'out'), True, 1, str(tmp_path / 'work'), sums.Settling)
  begun = output(planned)()
  for job in begun.jobs:
    job()
  return begun.then.written


def images_in(folder, split):
  found = []
  for path in sorted(folder.glob(f'Split-{split}/*')):
    with path.open('rb') as file:
      examples = [tf.train.Example.FromString(record) for record in tf_example.read_records(file)]
    found += [example.features.feature['image/filename'].bytes_list.value[0].decode() for example in examples]
  return found


def test_images_are_where_they_belong(tmp_path, written):
  before = {split: images_in(tmp_path / 'out', split) for split in ('train', 'eval')}
  one = before['eval'][0]
  settled = Settled({one: 'train', before['train'][0]: ''}, ('train', 'eval'))
  jobs = moving.jobs(written, settled)
  for job in jobs:
    job()
  assert {split: images_in(tmp_path / 'out', split) for split in ('train', 'eval')} == before
  moving.put_in_place(written, settled)
  assert images_in(tmp_path / 'out', 'eval') == before['eval'][1:]
  assert sorted(images_in(tmp_path / 'out', 'train')) == sorted([one, *before['train'][1:]])


def test_shards_whose_images_stay_are_not_written_again(tmp_path, written):
  settled = Settled({images_in(tmp_path / 'out', 'eval')[0]: 'train'}, ('train', 'eval'))
  for job in moving.jobs(written, settled):
    job()
  assert len(list((tmp_path / 'work/moved').rglob('data_tfrecord-*'))) == 2  # one shard's, of two splits


def test_nothing_is_done_where_all_images_stay(written):
  settled = Settled({}, ('train', 'eval'))
  assert moving.jobs(written, settled) == []
  moving.put_in_place(written, settled)
  assert stages.run(sums.Settling(written), list).settled.moves == {}
