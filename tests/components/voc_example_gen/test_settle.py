"""What is known only when all images have been read."""

from components.voc_example_gen import settle
from components.voc_example_gen.assign import Placing
from components.voc_example_gen.settle import Row

HALVES = {'train': 0.5, 'eval': 0.5}


def settled(placing, *rows):
  return settle.settle(placing, lambda: iter(rows))


def placed(placing, *images):
  """Rows for (image, digest), placed as a worker does."""
  return [Row(image, placing.split_of(image, digest), digest) for image, digest in images]


def digest(number):
  return f'{number:064x}'


def test_nothing_moves_where_no_image_is_twice():
  placing = Placing('hash', HALVES)
  found = settled(placing, *placed(placing, *((f'{n}.jpg', digest(n)) for n in range(50))))
  assert (found.moves, found.splits) == ({}, ('train', 'eval'))


def test_held_out_images_stay_and_their_copies_leave():
  rows = [Row('t.jpg', 'train', digest(1)), Row('e.jpg', 'eval', digest(1)), Row('u.jpg', 'train', digest(2))]
  found = settled(Placing(), *rows)
  assert found.moves == {'t.jpg': ''}
  assert [(refusal.path, refusal.detail) for refusal in found.left_out] == [('t.jpg', 'same bytes as e.jpg, in eval')]
  assert found.splits == ('train', 'eval')


def test_a_split_that_loses_all_its_images_is_none():
  found = settled(Placing(), Row('t.jpg', 'train', digest(1)), Row('e.jpg', 'eval', digest(1)))
  assert found.splits == ('eval',)


def test_images_that_cannot_be_read_are_no_copies_of_each_other():
  assert settled(Placing(), Row('t.jpg', 'train', ''), Row('e.jpg', 'eval', '')).moves == {}


def test_digests_that_begin_alike_are_no_copies():
  rows = [Row('t.jpg', 'train', '0' * 63 + '1'), Row('e.jpg', 'eval', '0' * 63 + '2')]
  assert settled(Placing(), *rows).moves == {}


def test_groups_that_share_an_image_come_together():
  placing = Placing('hash', HALVES, group_by=r'^(\w+)_')
  groups = [f'g{n}' for n in range(20)]
  rows = placed(placing, *((f'{group}_{n}.jpg', digest(hash((group, n)) % 10**12)) for group in groups for n in (1, 2)))
  by_split = {split: [row for row in rows if row.split == split] for split in HALVES}
  first, other = by_split['train'][0], by_split['eval'][0]
  copy = first._replace(digest=other.digest)
  found = settled(placing, copy, *(row for row in rows if row is not first))
  moved = {image.partition('_')[0] for image in found.moves}
  assert moved in ({first.image.partition('_')[0]}, {other.image.partition('_')[0]})
  assert len(found.moves) == 2
  assert len(set(found.moves.values())) == 1


def test_a_method_that_must_know_all_images_places_them_at_the_end():
  placing = Placing('stratified', HALVES)
  rows = [Row(f'{n}.jpg', placing.split_of(f'{n}.jpg', digest(n)), digest(n), ['cat']) for n in range(10)]
  assert {row.split for row in rows} == {'train'}
  assert list(settled(placing, *rows).moves.values()) == ['eval'] * 5
