"""Transfer learning pays: the same few images and steps, from scratch and from a detector of other classes."""

import io
import random

import pytest
import tensorflow as tf

from detection import records
from detection.odapi import label_map
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, patch, recipe, split_boxes
from detection.records import LabelledBox, LabelledImage
from detection.sample_data import draw
from detection.sample_data.domains import DOMAINS
from detection.training import training
from detection.training.parts import Task
from detection.training.settings import TrainSettings

pytestmark = pytest.mark.slow
OTHERS, TARGET = {'circle': 1, 'square': 2}, {'triangle': 1}
WIDTH, HEIGHT = 240, 180
SOURCE_STEPS, STEPS = 300, 100
# Small, since training is the cost.
SIDE = 96
# Seen: 0.018 and 0.243. Below the difference, so that chance decides nothing.
MARGIN = 0.15


def write(path, count, labels, seed):
  """A TFRecord file of drawn images that show the classes of `labels` only."""
  rng = random.Random(seed)
  with path.open('wb') as file:
    while count:
      image, shapes = draw.draw((WIDTH, HEIGHT), rng, DOMAINS['plain'])
      if all(shape.label in labels for shape in shapes):
        encoded = io.BytesIO()
        image.save(encoded, 'JPEG', quality=90)
        boxes = [
          LabelledBox(shape.label, shape.ymin / HEIGHT, shape.xmin / WIDTH, shape.ymax / HEIGHT, shape.xmax / WIDTH)
          for shape in shapes
        ]
        drawn = LabelledImage(encoded.getvalue(), 'jpeg', HEIGHT, WIDTH, f'drawn-{count}', boxes)
        records.write(file, records.serialize(drawn))
        count -= 1
  return str(path)


def train(folder, data, labels, steps, **start):
  """Trains the smallest base on `data`, the paths of its train and eval split; `start` is of patch.Request."""
  tf.keras.backend.clear_session()
  folder.mkdir()
  (folder / 'label_map.pbtxt').write_text(label_map.dump(labels))
  request = patch.Request(
    num_classes=len(labels),
    label_map_path=str(folder / 'label_map.pbtxt'),
    train_path=data[0],
    eval_path=data[1],
    num_steps=steps,
    batch_size=8,
    overrides={f'model.ssd.image_resizer.fixed_shape_resizer.{side}': SIDE for side in ('height', 'width')},
    **start,
  )
  base = config_io.parse(builtin_bases.text('ssd_mobilenet_v2_fpnlite_cpu_160'))
  config = recipe.complete_config(base, request, split_boxes.read(data[0]))
  settings = TrainSettings(eval_every=0, export='last', checkpoint_every=10**6)
  return training.train(Task(config, labels, settings), str(folder / 'work'))


def test_fine_tuning_from_other_classes_beats_scratch_at_equal_steps(tmp_path):
  source = write(tmp_path / 'source', 160, OTHERS, 1), write(tmp_path / 'check', 8, OTHERS, 4)
  target = write(tmp_path / 'few', 24, TARGET, 2), write(tmp_path / 'many', 60, TARGET, 3)
  detector = train(tmp_path / 'source-detector', source, OTHERS, SOURCE_STEPS)
  prefix = tf.train.Checkpoint(model=detector.engine.model).write(str(tmp_path / 'detector' / 'ckpt-0'))
  starts = {'scratch': {}, 'fine_tune': {'mode': 'fine_tune', 'checkpoint': prefix}}
  scores = {
    name: train(tmp_path / name, target, TARGET, STEPS, **start).history[-1]['AP'] for name, start in starts.items()
  }
  print(
    f'AP on triangles after {STEPS} steps on 24 images: {scores["scratch"]:.3f} from scratch, '
    f'{scores["fine_tune"]:.3f} from a detector of {" and ".join(f"{name}s" for name in OTHERS)}'
  )
  assert scores['fine_tune'] > scores['scratch'] + MARGIN
