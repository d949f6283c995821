"""A data folder behind a file system plugin, as gs:// and s3:// are: here TensorFlow's in-memory ram://."""

import contextlib

import pytest
import tensorflow as tf
from tfx.dsl.io import filesystem_registry
from tfx.dsl.io.plugins import tensorflow_gfile

from components.voc_example_gen import digests, listing
from detection.base import files
from tests.support import spread_plans, voc_maker


class RamFilesystem(tensorflow_gfile.TensorflowFilesystem):
  SUPPORTED_SCHEMES = ['ram://']


@pytest.fixture(scope='module')
def remote(tmp_path_factory):
  """A devkit of eight images, local and remote; one remote image is a broken one."""
  filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY.register(RamFilesystem, priority=0, use_as_fallback=False)
  local = voc_maker.devkit(tmp_path_factory.mktemp('remote') / 'data', 8)
  for path in local.rglob('*'):
    if path.is_file():
      target = f'ram://data/{path.relative_to(local).as_posix()}'
      tf.io.gfile.makedirs(target.rpartition('/')[0])
      with tf.io.gfile.GFile(target, 'wb') as file:
        file.write(path.read_bytes())
  return local, 'ram://data'


def _by_content(planned):
  return digests.fingerprint(listing.list_folder(planned.root), digests.CONTENT)


def test_it_is_read_as_the_local_one_is(remote):
  local, uri = remote
  here, _, here_tally = voc_maker.examine(local)
  there, _, there_tally = voc_maker.examine(uri)
  assert _by_content(there) == _by_content(here)
  assert there_tally.images == here_tally.images
  assert sum(there_tally.images.values()) == 8


def test_a_large_one_is_planned_by_workers_as_the_local_one_is(remote):
  from components.voc_example_gen import plan
  from components.voc_example_gen.settings import IngestSettings
  from components.voc_example_gen.spread import list_stages, spread_plan, stages

  local, uri = remote
  large = list_stages.begin(uri, 'ram://work', most=9)  # of ten files, in whatever order, some are annotations
  assert (large.stages, large.has_xml) == (('List',), True)
  tree = spread_plans.listed(uri, 'ram://work')
  first = spread_plan.first(tree, IngestSettings(), 'ram://work', stages.Result)
  planned = stages.run(first, lambda jobs: [job() for job in jobs])
  shards = plan.make(str(local), IngestSettings()).shards
  assert [list(shard.tasks) for shard in planned.shards] == [list(shard.tasks) for shard in shards]


def test_a_change_is_seen_by_the_listing_alone(remote):
  before = listing.state_of(remote[1])
  assert listing.state_of(remote[1]) == before
  with tf.io.gfile.GFile(f'{remote[1]}/Annotations/more.xml', 'wb') as file:
    file.write(b'<annotation/>')
  added = listing.state_of(remote[1])
  with tf.io.gfile.GFile(f'{remote[1]}/Annotations/more.xml', 'wb') as file:
    file.write(b'<annotations/>')
  assert len({before, added, listing.state_of(remote[1])}) == 3
  tf.io.gfile.remove(f'{remote[1]}/Annotations/more.xml')


def test_a_remote_file_that_disappears_is_quarantined(remote):
  from components.voc_example_gen import ingest, plan
  from components.voc_example_gen.settings import IngestSettings

  planned = plan.make(remote[1], IngestSettings())
  task = planned.shards[0].tasks[0]
  tf.io.gfile.remove(f'{remote[1]}/{task.item.image}')
  ((_, outcome),) = ingest.process(planned.root, [task], True)
  assert (outcome.reason, outcome.detail) == ('image_unreadable', 'NotFoundError')


def test_a_remote_file_appears_whole_or_not_at_all(remote):
  with files.whole_file('ram://out/folder/file') as file:
    file.write(b'all')
  with contextlib.suppress(KeyboardInterrupt), files.whole_file('ram://out/folder/other') as file:
    file.write(b'half')
    raise KeyboardInterrupt
  assert tf.io.gfile.listdir('ram://out/folder') == ['file']


def test_a_remote_folder_that_is_not_there(remote):
  from detection.base.errors import DataError

  with pytest.raises(DataError, match='ram://nowhere: no such folder'):
    listing.list_folder('ram://nowhere')
