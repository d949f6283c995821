"""Transfer learning pays: the same few images and steps, from scratch and from a detector of other classes."""

import random

import pytest
import tensorflow as tf

from benchmarks import drawn_shapes, short_training
from detection import records
from detection.sample_data import draw
from detection.sample_data.domains import DOMAINS

pytestmark = pytest.mark.slow
OTHERS, TARGET = {'circle': 1, 'square': 2}, {'triangle': 1}
SOURCE_STEPS, STEPS = 400, 120
# Seen: 0.146 and 0.439. Far below the difference, so that chance decides nothing.
MARGIN = 0.15


def write(path, count, labels, seed):
  """Drawn images in which nothing but the classes of `labels` is to be seen."""
  rng = random.Random(seed)
  with path.open('wb') as file:
    while count:
      image, shapes = draw.draw(drawn_shapes.SIZE, rng, DOMAINS['plain'])
      if all(shape.label in labels for shape in shapes):
        records.write(file, drawn_shapes.example(image, shapes, f'drawn-{count}'))
        count -= 1
  return str(path)


def test_fine_tuning_from_other_classes_beats_scratch_at_equal_steps(tmp_path):
  source = write(tmp_path / 'source', 160, OTHERS, 1)
  few, many = write(tmp_path / 'few', 24, TARGET, 2), write(tmp_path / 'many', 60, TARGET, 3)
  check = write(tmp_path / 'check', 8, OTHERS, 4)
  detector = short_training.train(tmp_path / 'a', short_training.Examples(source, check, OTHERS), SOURCE_STEPS)
  prefix = tf.train.Checkpoint(model=detector.engine.model).write(str(tmp_path / 'detector' / 'ckpt-0'))
  found = {
    mode: short_training.train(
      tmp_path / mode,
      short_training.Examples(few, many, TARGET),
      STEPS,
      short_training.Start(mode=mode, checkpoint=checkpoint),
    )
    for mode, checkpoint in (('scratch', None), ('fine_tune', prefix))
  }
  scores = {mode: trained.state.history[-1]['AP'] for mode, trained in found.items()}
  print(
    f'AP on triangles after {STEPS} steps on 24 images: {scores["scratch"]:.3f} from scratch, '
    f'{scores["fine_tune"]:.3f} from a detector of {" and ".join(f"{name}s" for name in OTHERS)}'
  )
  assert scores['fine_tune'] > scores['scratch'] + MARGIN
