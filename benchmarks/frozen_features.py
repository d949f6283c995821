"""What a training step with a frozen backbone costs on a CPU, and what it would cost with cached features.

    python -m benchmarks.frozen_features [--steps 40] [--size 320] [--output FILE]

Three ways, no augmentation, batch 8, decoded images cached: everything trained; the backbone frozen; the backbone's
feature maps given, as a cache could hold them, which is the most that a cache could save. Its maps are constants here.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks import command, drawn_shapes
from detection.odapi import label_map
from detection.odapi.config import config_io
from detection.odapi.model import engine, inputs
from detection.pipeline_config import builtin_bases, patch

import tensorflow as tf  # isort: skip

BASE = 'ssd_mobilenet_v2_fpnlite_320'
BATCH = 8
WARM = 5


def run(root: Path, options: argparse.Namespace) -> str:
  """Measures the three ways; returns the table."""
  labels = root / 'label_map.pbtxt'
  labels.write_text(label_map.dump(drawn_shapes.LABELS))
  records = drawn_shapes.write(root / 'examples', 4 * BATCH, seed=0)
  size = {'model.ssd.image_resizer.fixed_shape_resizer': {'height': options.size, 'width': options.size}}
  request = patch.Request(
    len(drawn_shapes.LABELS), str(labels), records, records, 1000, BATCH, overrides={**size, 'augment': []}
  )
  config = patch.patch(config_io.parse(builtin_bases.text(BASE)), request)
  ways = {'everything trained': ((), False), 'frozen': (('backbone',), False), 'features given': (('backbone',), True)}
  found = {way: measure(config, *how, options.steps) for way, how in ways.items()}
  frozen = found['frozen']
  rows = [
    (way, f'{seconds * 1e3:.0f}', f'{cpu * 1e3:.0f}', f'{frozen[1] / cpu:.2f}') for way, (seconds, cpu) in found.items()
  ]
  return '\n'.join(command.table(('way', 'ms a step', 'CPU ms a step', 'speed to frozen, by CPU'), rows)) + '\n'


def measure(config: Any, freeze: tuple[str, ...], given: bool, steps: int) -> tuple[float, float]:
  """(seconds, CPU seconds) of one step."""
  tf.keras.backend.clear_session()
  built = engine.Engine(config, freeze=freeze)
  if given:
    extractor = built.model._feature_extractor
    size = config.model.ssd.image_resizer.fixed_shape_resizer
    maps = extractor.classification_backbone(tf.random.uniform([BATCH, size.height, size.width, 3], -1, 1))
    extractor.classification_backbone = lambda images: maps
  batches = built.batches(inputs.InputOptions(cache='memory'))
  for _ in range(WARM):
    built.train_step(batches)
  begun, cpu = time.monotonic(), time.process_time()
  for _ in range(steps):
    built.train_step(batches)
  return (time.monotonic() - begun) / steps, (time.process_time() - cpu) / steps


if __name__ == '__main__':
  command.main(__doc__, run, steps=40, size=320)
