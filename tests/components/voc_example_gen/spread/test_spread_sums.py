"""Many images are settled and added up by workers as few are in one process; here few are taken for many."""

import marshal
import pickle
import random

import pytest

from components.voc_example_gen import assign, ingest, listing, plan, sums
from components.voc_example_gen.report import lookalikes, summary
from components.voc_example_gen.settings import SplitSettings
from components.voc_example_gen.spread import spread_sums, stages
from components.voc_example_gen.writing import Written
from tests.support import voc_maker

IMAGES = 120
SHARDS = 6


class Writer:
  """Has written shards of these outcomes."""

  examples_uri = ''

  def __init__(self, found):
    self.found = found

  def outcomes(self, shards):
    for shard in shards:
      for index in range(shard.index, IMAGES, SHARDS):
        yield ingest.Outcome(*marshal.loads(marshal.dumps(self.found[index].as_row())))

  def move(self, shard, moves, target_uri):
    """The records are not looked at here."""

  def files_of(self, shard, examples_uri):
    return {}


def outcome(number, placing, split):
  """Some images are copies of others, some look like others, some are refused, some have odd boxes."""
  rng = random.Random(number)
  digest = '' if number % 29 == 0 else f'{rng.getrandbits(250) if number % 10 else number // 20:064x}'
  image = f'g{number % 40}_{number}.jpg'
  found = ingest.Outcome(image, split or placing.split_of(image, digest), digest=digest, width=100, height=80)
  found.classes = [f'c{number % 3}']
  if number % 17 == 0:
    found.reason, found.detail = 'image_corrupt', f'bad {number}'
    return found
  found.objects = [(f'c{number % 3}', 0.1 * (number % 9 + 1), 0.3)] * (number % 4)
  found.thumb = (
    None if number % 13 == 0 else random.Random(number % 25).getrandbits(64) ^ (1 << number % 64) * (number % 2)
  )
  found.rules = {'clipped_to_image': number % 5, 'scaled_to_image': 1} if number % 5 else {}
  found.notes = ['size_disagrees'] if number % 7 == 0 else []
  found.names = f'g0_{number - 40}.jpg' if number % 11 == 0 else ''
  found.annotated, found.outside, found.reach = 3, number % 2, number / IMAGES
  return found


SPLITS = {
  'hash': SplitSettings(method='hash'),
  'hash with a test set': SplitSettings(method='hash', test_fraction=0.3),
  'hash by groups': SplitSettings(method='hash', group_by=r'^(g\d+)_'),
  'stratified': SplitSettings(method='stratified'),
  'given': None,
}


@pytest.mark.parametrize('settings', SPLITS.values(), ids=SPLITS)
def test_workers_find_the_same(tmp_path, monkeypatch, settings):
  monkeypatch.setattr(spread_sums, '_FEWEST_JOBS', 4)
  placing = assign.choose(settings, None, {}.get, IMAGES).placing if settings else assign.Placing()
  given = [''] * IMAGES if settings else [('train', 'train', 'eval', 'test')[number % 4] for number in range(IMAGES)]
  found = [outcome(number, placing, split) for number, split in enumerate(given)]
  shards = tuple(plan.Shard('', index, SHARDS, ('task',) * (IMAGES // SHARDS)) for index in range(SHARDS))
  planned = plan.Plan(str(tmp_path), 'voc', 'hash', placing, shards, (), ('careful',), '', '')
  monkeypatch.setattr(plan.Plan, 'items', lambda self: iter(()))
  written, reports = Written(planned, Writer(found), str(tmp_path)), []
  for first in (sums.Settling(written), spread_sums.HandingOn.of(written)):
    done = stages.run(first, lambda jobs: [pickle.loads(pickle.dumps(job))() for job in jobs])
    tally = done.tally()
    reports.append(
      (done.planned, done.settled, summary.as_dict(done.planned, tally), summary.in_short(tally), tally.bad)
    )
  assert reports[1] == reports[0]
  assert reports[0][2]['lookalikes']
  assert len(list(tmp_path.glob('sums/rows-*'))) > 2
  assert len(list(tmp_path.glob('sums/copies-*'))) == 4


def test_the_folder_is_listed_again_with_all_that_links_lead_to(tmp_path):
  root = voc_maker.write(tmp_path / 'data', {'a.jpg': ''})
  (root / 'link').symlink_to(voc_maker.write(tmp_path / 'other', {'b.jpg': ''}))
  placing = assign.choose(SPLITS['hash'], None, {}.get, IMAGES).placing
  shards = tuple(plan.Shard('', index, SHARDS, ('task',) * (IMAGES // SHARDS)) for index in range(SHARDS))
  planned = plan.Plan(str(root), 'voc', 'hash', placing, shards, (), (), '', '')
  written = Written(planned, Writer([outcome(number, placing, '') for number in range(IMAGES)]), str(tmp_path / 'work'))
  done = stages.run(spread_sums.HandingOn.of(written), lambda jobs: [pickle.loads(pickle.dumps(job))() for job in jobs])
  assert done.state_now() == listing.state_of(str(root))
  (root / 'link').unlink()
  assert done.state_now() != listing.state_of(str(root))


@pytest.mark.parametrize(
  ('images', 'jobs'),
  [
    pytest.param(20_000, 32, id='as many as keep all workers busy to the end'),
    pytest.param(1_000_000, 50, id='of 20,000 images each'),
  ],
)
def test_images_are_divided_for_jobs(tmp_path, images, jobs):
  shards = tuple(plan.Shard('', index, 800, ('task',) * (images // 800)) for index in range(800))
  planned = plan.Plan(str(tmp_path), 'voc', 'hash', assign.Placing(), shards, (), (), '', '')
  found = spread_sums.HandingOn.of(Written(planned, Writer([]), str(tmp_path)))
  assert found.place.parts == jobs
  assert 0 <= found.place.groups - jobs <= 1
  assert [shard for group in found.groups for shard in group] == list(plan.outline(planned).shards)


def test_images_that_look_alike_meet_in_a_part():
  rng = random.Random(0)
  for _ in range(200):
    thumb = rng.getrandbits(64)
    other = thumb
    for bit in rng.sample(range(64), 3):
      other ^= 1 << bit
    assert lookalikes.parts_of(thumb, 50) & lookalikes.parts_of(other, 50)
