"""The stratified method: every class has about its fraction in every split."""

import random
from collections import Counter

import pytest

from components.voc_example_gen.groups import Groups
from components.voc_example_gen.splits import stratified
from tests.support.named_images import assign_names, names

FIFTH = {'train': 0.8, 'eval': 0.2}


def divide(labels):
  """({key: split}, warnings) of images that are a group each."""
  found = Groups(labels.items(), seed=0)
  places, warnings = stratified.divide(found, FIFTH)
  return {key: list(FIFTH)[places[found.find(key)]] for key in labels}, warnings


def skewed(seed, images=600):
  """Class sets as in real data: a few frequent classes, many rare ones, several in an image."""
  rng = random.Random(seed)
  frequency = {f'class-{n:02}': 0.6 / (n + 1) for n in range(25)}
  drawn = [frozenset(label for label, fraction in frequency.items() if rng.random() < fraction) for _ in range(images)]
  return {f'{n:04}': labels or frozenset({'class-00'}) for n, labels in enumerate(drawn)}


def largest_deviation(labels, split_of, fraction):
  """Largest distance of any class's fraction in eval from the requested one, over classes in at least 4 images."""
  total, held_out = Counter(), Counter()
  for key, found in labels.items():
    total.update(found)
    if split_of[key] == 'eval':
      held_out.update(found)
  return max(abs(held_out[label] / count - fraction) for label, count in total.items() if count >= 4)


def test_stratified_keeps_every_class_three_times_nearer_its_fraction_than_chance():
  balanced, by_chance = [], []
  for seed in range(5):
    labels = skewed(seed)
    split_of, _ = divide(labels)
    rng = random.Random(seed)
    chance = {key: 'eval' if rng.random() < 0.2 else 'train' for key in labels}
    balanced.append(largest_deviation(labels, split_of, 0.2))
    by_chance.append(largest_deviation(labels, chance, 0.2))
    assert Counter(split_of.values())['eval'] / len(labels) == pytest.approx(0.2, abs=0.02)
  assert 3 * sum(balanced) <= sum(by_chance), (balanced, by_chance)


def test_rare_classes_are_in_both_splits():
  labels = {f'{n}': frozenset({'common'} | ({'rare'} if n < 2 else set())) for n in range(100)}
  split_of, alone = divide(labels)
  assert {split_of['0'], split_of['1']} == {'train', 'eval'}
  assert alone == []


def test_a_class_with_one_image_goes_to_train_and_is_reported():
  labels = dict.fromkeys(names(20), {'cat'}) | {'00007.jpg': {'cat', 'okapi'}}
  result = assign_names(names(20), labels, method='stratified')
  assert result.split_of['00007.jpg'] == 'train'
  assert [warning for warning in result.warnings if '"okapi"' in warning]
