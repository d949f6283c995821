"""Images of rare classes come more often, and objects of a class weigh as told."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from detection.odapi.model.balance import Balance
from detection.odapi.model.fields import InputDataFields

CLASSES, WEIGHTS = InputDataFields.groundtruth_classes, InputDataFields.groundtruth_weights
RARE = Balance(repeats=(1.0, 2.3), weights=(0.5, 4.0))


def decoded(*images):
  """Decoded examples with these class ids; each image has its number."""

  def examples():
    for number, ids in enumerate(images):
      yield {'number': number, CLASSES: ids, WEIGHTS: np.full(len(ids), 2.0)}

  spec = {'number': tf.TensorSpec([], tf.int64), CLASSES: tf.TensorSpec([None], tf.int64)}
  return tf.data.Dataset.from_generator(examples, output_signature={**spec, WEIGHTS: tf.TensorSpec([None], tf.float32)})


def epochs(balance, dataset, count=60, seed=3):
  """[how often each image stands in an epoch] of so many epochs in a row."""
  found = []
  repeated = balance.repeated(dataset, seed)
  for _ in range(count):
    found.append(collections.Counter(int(example['number']) for example in repeated))
  return found


def test_an_image_is_shown_as_often_as_its_rarest_class_asks_for():
  (found,) = epochs(RARE, decoded([1], [], *([[1, 2, 1]] * 300)), 1)
  assert found.pop(0) == found.pop(1) == 1
  showings = list(found.values())
  assert set(showings) == {2, 3}
  assert np.mean(showings) == pytest.approx(2.3, abs=0.2)


def test_an_epoch_differs_from_the_next_and_equal_seeds_do_not():
  ids = [[2]] * 20
  first, again, other = (epochs(RARE, decoded(*ids), 2, seed) for seed in (1, 1, 2))
  assert first == again != other
  assert first[0] != first[1]


def test_repeats_go_on_in_an_endless_shuffled_dataset():
  balance = Balance((1.0, 3.0), (1.0, 1.0))
  endless = balance.repeated(decoded([1], [2]), 0).shuffle(balance.most_images(2), seed=0).repeat().take(40)
  assert collections.Counter(int(example['number']) for example in endless) == {0: 10, 1: 30}


def test_what_the_model_takes_is_repeated_as_decoded_examples_are():
  one_hot = np.array([[[1, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 0]]], np.float32)
  dataset = tf.data.Dataset.from_tensor_slices(({'number': np.arange(3)}, {CLASSES: one_hot}))
  numbers = [int(features['number']) for features, _ in Balance((1.0, 3.0), (1.0, 1.0)).repeated(dataset, 0)]
  assert numbers == [0, 1, 1, 1, 2]


def test_an_objects_own_weight_is_multiplied_by_its_classs():
  found = [example[WEIGHTS].numpy().tolist() for example in RARE.weighted(decoded([1, 2], []))]
  assert found == [[1.0, 8.0], []]


def test_where_all_classes_are_alike_nothing_is_added():
  dataset, alike = decoded([1]), Balance((1.0, 1.0), (1.0, 1.0))
  assert alike.repeated(dataset, 0) is dataset
  assert alike.weighted(dataset) is dataset
