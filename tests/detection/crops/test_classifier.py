"""A linear classifier on feature vectors, with colours for classes."""

import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import DataError
from detection.crops import classifier
from detection.crops.embedded_objects import embed
from tests.support.colour_crops import scenes


@pytest.mark.parametrize('kind', classifier.KINDS)
@pytest.mark.parametrize('colours', [('red', 'green', 'blue'), ('red', 'blue')])
def test_the_exported_head_decides_as_the_fitted_classifier(mean_colour, kind, colours):
  found = embed([s for s in scenes(6) if s.labels[0] in colours], mean_colour)
  head = classifier.fit(found.features, found.labels, found.images, kind)
  assert head.names == tuple(sorted(colours))
  confidences = tf.nn.softmax(found.features @ head.weights + head.bias).numpy()
  assert [head.names[i] for i in confidences.argmax(axis=1)] == found.labels.tolist()
  assert head.accuracy == 1.0


def test_logistic_regression_is_folded_into_one_matrix_exactly(mean_colour):
  found = embed(scenes(6), mean_colour)
  head = classifier.fit(found.features, found.labels, found.images)
  strength, _ = classifier._best(found.features, found.labels, found.images, 'logistic')
  expected = classifier._model('logistic', strength).fit(found.features, found.labels).predict_proba(found.features)
  assert np.allclose(tf.nn.softmax(found.features @ head.weights + head.bias), expected, atol=1e-4)


@pytest.mark.parametrize(('labels', 'received'), [([], 'none'), (['cat', 'cat'], 'one: "cat"')])
def test_fewer_than_two_classes_is_one_line(labels, received):
  with pytest.raises(DataError, match=f'two classes or more to tell apart, received {received}') as caught:
    classifier.fit(np.zeros((len(labels), 2)), np.array(labels, object), np.arange(len(labels)))
  assert '\n' not in str(caught.value)


def test_a_rare_class_is_in_what_every_fold_is_fitted_on():
  rng = np.random.default_rng(0)
  # Ten images; the rare class is in two of them, always beside another.
  groups = np.array([f'{n % 10}' for n in range(40)] + ['1', '2'], object)
  labels = np.array(['cat', 'dog'] * 20 + ['rare', 'rare'], object)
  for rows, judged in classifier._splits(labels, groups):
    assert set(labels[rows]) == {'cat', 'dog', 'rare'}
    assert not set(groups[rows]) & set(groups[judged])
  assert classifier.fit(rng.normal(size=(42, 3)), labels, groups).names == ('cat', 'dog', 'rare')


def test_a_class_in_one_image_alone_leaves_no_accuracy_to_tell():
  labels, groups = np.array(['a', 'b', 'b'], object), np.array(['1', '1', '2'], object)
  assert classifier.fit(np.eye(3), labels, groups).accuracy is None
