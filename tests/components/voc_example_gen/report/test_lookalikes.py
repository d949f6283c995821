"""Images that look alike are found across splits."""

import random

from components.voc_example_gen.report import lookalikes
from components.voc_example_gen.report.lookalikes import Thumbs


def test_lookalikes_are_found_across_splits_only():
  base = 0x0123456789ABCDEF
  thumbs = [('a', 'train', base), ('b', 'eval', base ^ 0b111), ('c', 'eval', base ^ 0b1111), ('d', 'train', base)]
  thumbs += [('e', 'eval', base ^ (1 << 63 | 1 << 30 | 1))]
  assert [(pair.image, pair.twin, pair.distance) for pair in lookalikes.across_splits(Thumbs(thumbs))] == [
    ('b', 'a', 3),
    ('e', 'a', 3),
  ]


def test_every_pair_within_the_distance_is_found():
  rng = random.Random(0)
  for _ in range(200):
    thumb = rng.getrandbits(64)
    near = thumb
    for bit in rng.sample(range(64), 3):
      near ^= 1 << bit
    assert lookalikes.across_splits(Thumbs([('a', 'train', thumb), ('b', 'eval', near)]))


def test_of_images_that_are_equally_near_the_first_by_name_is_told():
  thumbs = [('b', 'train', 0), ('ä', 'train', 1), ('a', 'train', 2), ('c', 'test', 3)]
  (pair,) = lookalikes.across_splits(Thumbs(thumbs))
  assert (pair.image, pair.split, pair.twin, pair.distance) == ('c', 'test', 'a', 1)


def test_where_a_split_is_empty_nothing_looks_alike():
  assert lookalikes.across_splits(Thumbs()) == []
  assert lookalikes.across_splits(Thumbs([('a', 'eval', 5)])) == []
  assert lookalikes.across_splits(Thumbs([('a', 'train', 5)])) == []


def test_they_are_the_same_however_many_pairs_are_looked_at_together(monkeypatch):
  rng = random.Random(0)
  bases = [rng.getrandbits(64) for _ in range(20)]
  splits = ('train', 'eval', 'test')
  thumbs = [(f'{n:03}', splits[n % 3], rng.choice(bases) ^ (1 << rng.randrange(64))) for n in range(300)]
  whole = lookalikes.across_splits(Thumbs(thumbs))
  monkeypatch.setattr(lookalikes, '_PAIRS_AT_ONCE', 7)
  monkeypatch.setattr(lookalikes, '_AT_ONCE', 7)
  assert lookalikes.across_splits(Thumbs(thumbs)) == whole == one_by_one(thumbs)


def test_images_that_are_added_together_are_as_if_added_one_by_one(monkeypatch):
  monkeypatch.setattr(lookalikes, '_AT_ONCE', 2)
  rows = [('a', 'eval', 7), ('ä\udcff', 'train', 2**64 - 1), ('', 'test', 0), ('b/c', 'train', 8), ('d', 'eval', 1)]
  alone = Thumbs()
  for row in rows:
    alone.add(*row)
  for thumbs in (Thumbs(iter(rows)), alone):
    assert [(thumbs.name(place), thumbs.split(place)) for place in range(5)] == [row[:2] for row in rows]
    assert thumbs.hashes.tolist() == [row[2] for row in rows]
    assert thumbs.in_train().tolist() == [False, True, False, True, False]


def one_by_one(thumbs):
  """What across_splits finds, by comparing each two images."""
  found = []
  for image, split, thumb in thumbs:
    twins = [(bin(thumb ^ other).count('1'), twin) for twin, of, other in thumbs if of == 'train' != split]
    if twins and min(twins)[0] <= lookalikes.MAX_DISTANCE:
      found.append(lookalikes.Lookalike(image, split, *min(twins)[::-1]))
  return sorted(found, key=lambda pair: (pair.distance, pair.image))
