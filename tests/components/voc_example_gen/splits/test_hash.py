"""The hash method: near the requested fractions, and no old image ever moves."""

from collections import Counter

import pytest

from tests.support.named_images import assign_names, names


def test_hash_gives_about_the_requested_fraction():
  shares = Counter(assign_names(names(5000), eval_fraction=0.2, test_fraction=0.1).split_of.values())
  assert shares['eval'] / 5000 == pytest.approx(0.2, abs=0.02)
  assert shares['test'] / 5000 == pytest.approx(0.1, abs=0.015)


def test_adding_images_never_moves_an_old_one():
  before = assign_names(names(300)).split_of
  after = assign_names(names(400)).split_of
  assert {name: after[name] for name in before} == before


def test_renaming_an_image_does_not_move_it():
  digests = {name: str(n) for n, name in enumerate(names(50))}
  renamed = {f'x/{name}': digest for name, digest in digests.items()}
  before = assign_names(digests, digests=digests).split_of
  after = assign_names(renamed, digests=renamed).split_of
  assert {f'x/{name}': split for name, split in before.items()} == after


def test_another_seed_divides_differently():
  assert assign_names(names(100), seed=0).split_of != assign_names(names(100), seed=1).split_of


@pytest.mark.parametrize('count', [2, 3, 5])
def test_so_few_images_still_fill_both_splits(count):
  for seed in range(20):
    assert set(assign_names(names(count), seed=seed).split_of.values()) == {'train', 'eval'}
