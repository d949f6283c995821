"""Crops to features to names: with colours for classes and the mean colour for a backbone, so that it is quick."""

import io
import json

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from detection.base.errors import ConfigError, DataError
from detection.crops import backbone, classifier, objects, suspects, suspects_page
from detection.crops.objects import LabelledImage

COLOURS = {'red': (220, 30, 30), 'green': (30, 200, 40), 'blue': (40, 40, 220)}
BOX = (0.25, 0.25, 0.75, 0.75)


def scene(name, colour, label=None, seed=0):
  """A grey image with a coloured square in its middle, labelled by its colour unless said otherwise."""
  rng = np.random.default_rng(seed)
  pixels = rng.integers(110, 140, (64, 80, 3), np.uint8)
  pixels[16:48, 20:60] = np.clip(np.array(COLOURS[colour]) + rng.integers(-25, 25, 3), 0, 255)
  buffer = io.BytesIO()
  PIL.Image.fromarray(pixels).save(buffer, 'PNG')
  return LabelledImage(name, buffer.getvalue(), [label or colour], np.array([BOX], np.float32))


def scenes(count, labels=None):
  labels = labels or {}
  return [
    scene(f'{colour}-{number}.png', colour, labels.get(f'{colour}-{number}'), seed=number)
    for colour in COLOURS
    for number in range(count)
  ]


@pytest.fixture(scope='module')
def mean_colour():
  return backbone.Backbone(lambda crops: backbone.pooled([crops[:, 4:-4, 4:-4]]), [], 16)


def test_a_crop_is_the_box_with_a_margin_around_it(mean_colour):
  pixels = np.zeros((100, 100, 3), np.uint8)
  pixels[40:60, 40:60] = 200
  (crop,) = objects.cut(tf.constant(pixels), tf.constant([[0.4, 0.4, 0.6, 0.6]]), 24)
  assert crop.shape == (24, 24, 3)
  assert crop[12, 12, 0] == 200
  assert crop[0, 0, 0] == 0
  assert float(tf.reduce_mean(crop)) == pytest.approx(200 / 1.2**2, rel=0.1)


def test_a_box_at_the_edge_is_not_filled_up_with_black():
  (crop,) = objects.cut(tf.fill([50, 50, 3], tf.constant(90, tf.uint8)), tf.constant([[0.0, 0.0, 0.3, 1.0]]), 8)
  assert crop.numpy().min() == 90


def test_every_object_becomes_a_row_that_says_where_it_is_from(mean_colour):
  image = scene('a.png', 'red')
  two = LabelledImage('a.png', image.encoded, ['red', 'edge'], np.array([BOX, (0, 0, 0.2, 0.2)], np.float32))
  empty = LabelledImage('b.png', image.encoded, [], np.zeros((0, 4), np.float32))
  found = objects.embed([empty, two], mean_colour, views=3)
  assert found.images.tolist() == ['a.png'] * 6
  assert found.numbers.tolist() == [0, 1] * 3
  assert found.labels.tolist() == ['red', 'edge'] * 3
  assert found.features.shape == (6, 3)
  assert found.features[0, 0] > 180 > found.features[1, 0]
  again = objects.embed([empty, two], mean_colour, views=3)
  assert np.array_equal(found.features, again.features)


@pytest.mark.parametrize('kind', classifier.KINDS)
@pytest.mark.parametrize('colours', [('red', 'green', 'blue'), ('red', 'blue')])
def test_the_exported_head_decides_as_the_fitted_classifier(mean_colour, kind, colours):
  found = objects.embed([s for s in scenes(6) if s.labels[0] in colours], mean_colour)
  head = classifier.fit(found.features, found.labels, found.images, kind)
  assert head.names == tuple(sorted(colours))
  shares = tf.nn.softmax(found.features @ head.weights + head.bias).numpy()
  assert [head.names[i] for i in shares.argmax(axis=1)] == found.labels.tolist()
  assert head.accuracy == 1.0


def test_logistic_regression_is_folded_into_one_matrix_exactly(mean_colour):
  found = objects.embed(scenes(6), mean_colour)
  head = classifier.fit(found.features, found.labels, found.images)
  strength, _ = classifier._best(found.features, found.labels, found.images, 'logistic')
  expected = classifier._model('logistic', strength).fit(found.features, found.labels).predict_proba(found.features)
  assert np.allclose(tf.nn.softmax(found.features @ head.weights + head.bias), expected, atol=1e-4)


@pytest.mark.parametrize(('labels', 'received'), [([], 'none'), (['cat', 'cat'], 'one: "cat"')])
def test_fewer_than_two_classes_is_one_line(labels, received):
  with pytest.raises(DataError, match=f'two classes or more to tell apart, received {received}') as caught:
    classifier.fit(np.zeros((len(labels), 2)), np.array(labels, object), np.arange(len(labels)))
  assert '\n' not in str(caught.value)


def test_a_wrong_label_is_the_surest_suspect_and_right_ones_are_none(mean_colour):
  found = suspects.find(objects.embed(scenes(12, {'red-3': 'blue', 'green-7': 'red'}), mean_colour))
  assert {(s.image, s.label, s.likely) for s in found.suspects} == {
    ('red-3.png', 'blue', 'red'),
    ('green-7.png', 'red', 'green'),
  }
  assert found.looked_at == 36
  assert all(s.share > s.label_share for s in found.suspects)
  content = json.loads(suspects.as_json(found))
  assert content['suspects'][0]['box'] == list(BOX)


def test_suspects_are_ranked_by_how_much_the_classifier_contradicts():
  places = np.linspace(-1, 1, 20)
  features = np.concatenate([places, places + 10, [7.0, 14.0, 6.0]])[:, np.newaxis].astype(np.float32)
  labels = np.array(['a'] * 20 + ['b'] * 20 + ['a'] * 3, object)
  names = np.array([f'{number}.png' for number in range(43)], object)
  found = suspects.find(objects.Objects(names, np.zeros(43, int), labels, np.zeros((43, 4)), features))
  assert [suspect.image for suspect in found.suspects] == ['41.png', '40.png', '42.png']


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


def test_a_class_of_one_image_is_not_judged_and_named(mean_colour):
  found = suspects.find(objects.embed([*scenes(6), scene('odd.png', 'red', 'odd')], mean_colour))
  assert found.alone == ('odd',)
  assert found.looked_at == 18
  assert any('odd' in line for line in suspects.summary(found))


def test_one_class_beside_a_class_of_one_image_is_one_line(mean_colour):
  images = [s for s in scenes(6) if s.labels == ['red']]
  with pytest.raises(DataError, match=r'two classes or more to tell apart, received one: "red"'):
    suspects.find(objects.embed([*images, scene('odd.png', 'blue')], mean_colour))


def test_the_page_shows_each_suspect_with_both_names(mean_colour):
  images = scenes(12, {'red-3': '<blue>'} | {f'blue-{n}': '<blue>' for n in range(12)})
  found = suspects.find(objects.embed(images, mean_colour))
  html = suspects_page.render(found, 'Suspects', {image.name: image.encoded for image in images})
  assert html.count('<figure>') == len(found.suspects) == 1
  assert '&lt;blue&gt;' in html
  assert 'red-3.png, box 0' in html
  assert '<blue>' not in html


def test_a_network_of_keras_with_weights_from_a_file(tmp_path):
  weights = str(tmp_path / 'weights.h5')
  tf.keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3)).save_weights(weights)
  found = backbone.from_keras('MobileNetV2', weights, 32)
  assert found.embed(tf.zeros([2, 32, 32, 3])).shape == (2, 1280)


def test_keras_networks_that_do_not_exist_or_weights_that_do_not_fit_are_one_line(tmp_path):
  with pytest.raises(ConfigError, match=r'"MobileNetV9": no network of tf.keras.applications. Expected one of .*VGG16'):
    backbone.from_keras('MobileNetV9', 'unread')
  (tmp_path / 'weights.h5').write_bytes(b'no weights')
  for path in (tmp_path / 'weights.h5', tmp_path / 'nowhere.h5'):
    with pytest.raises(DataError, match=r'not the weights of MobileNetV2 without its top') as caught:
      backbone.from_keras('MobileNetV2', str(path), 32)
    assert '\n' not in str(caught.value)
