"""Colours for classes and the mean colour for a backbone, so that classifying crops is quick."""

import numpy as np

from detection.crops import classifier, two_stage
from detection.crops.embedded_objects import embed
from detection.crops.features import Backbone, pooled
from detection.crops.source_images import SourceImage
from detection.odapi import label_map
from tests.support.colour_detector import png

COLOURS = {'red': (220, 30, 30), 'green': (30, 200, 40), 'blue': (40, 40, 220)}
BOX = (0.25, 0.25, 0.75, 0.75)
# Rectangles of the colour detector's images, (ymin, xmin, ymax, xmax) in pixels of an image of 96 x 64.
RED, BLUE = (16, 8, 40, 32), (8, 56, 48, 88)


def mean_colour():
  """A backbone of 16-pixel crops whose features are the mean colour inside the margin."""
  return Backbone(lambda crops: pooled([crops[:, 4:-4, 4:-4]]), [], 16)


def scene(name, colour, label=None, seed=0):
  """A grey image with a coloured square at BOX, labelled by its colour unless `label` is given."""
  rng = np.random.default_rng(seed)
  pixels = rng.integers(110, 140, (64, 80, 3), np.uint8)
  pixels[16:48, 20:60] = np.clip(np.array(COLOURS[colour]) + rng.integers(-25, 25, 3), 0, 255)
  return SourceImage(name, png(pixels), [label or colour], np.array([BOX], np.float32))


def scenes(count, labels=None):
  """`count` scenes of each colour, named <colour>-<number>.png. labels: {name without suffix: another label}."""
  labels = labels or {}
  return [
    scene(f'{colour}-{number}.png', colour, labels.get(f'{colour}-{number}'), seed=number)
    for colour in COLOURS
    for number in range(count)
  ]


def rectangles(draw, names):
  """Four images with a red and a blue rectangle, labelled as `names` says: {colour: class name}."""
  for number in range(4):
    corners = {colour: np.array(box) + 2 * number for colour, box in (('red', RED), ('blue', BLUE))}
    boxes = np.array([corners[colour] / (64, 96, 64, 96) for colour in names], np.float32)
    encoded = png(draw([(colour, tuple(box)) for colour, box in corners.items()]))
    yield SourceImage(f'{number}.png', encoded, list(names.values()), boxes)


def fit_head(images, backbone):
  """A LinearHead, from three views of each object."""
  objects = embed(images, backbone, views=3)
  return classifier.fit(objects.features, objects.labels, objects.images)


def write_model(folder, module, labels):
  """A two-stage model's folder. module: a TwoStage; labels: {class name: id}, as it was made with."""
  two_stage.save(module, str(folder / 'Format-Serving'))
  (folder / 'label_map.pbtxt').write_text(label_map.dump(labels))
  (folder / 'pipeline.config').write_text('model { ssd { num_classes: 2 } }\n')
  return folder
