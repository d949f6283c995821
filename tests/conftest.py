"""What tests share: a small data set and one whole run over it, and tiny detectors. Training is the cost."""

from __future__ import annotations

import functools
import gc
import os
import sys
import types

import numpy as np
import pytest

import detection  # noqa: F401 - chooses the Keras before a test imports TFX
from tests.support import colour_detector, local_runs, metric_images, once

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
# jsonschema, which kfp 1.8 imports, makes a grammar of it for 2 s, for a format ("iri") that no schema here has.
sys.modules.setdefault('rfc3987_syntax', None)
# Imports make objects that all stay. Looking for garbage among them takes half of the time of collecting the tests.
gc.disable()


def pytest_collection_finish() -> None:
  """From here on garbage is looked for, but no longer among all that was imported."""
  gc.freeze()
  gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
  """Whole runs first: one that is begun last would leave the other process with nothing to do."""
  items.sort(key=lambda item: 'e2e' not in item.path.parts)


@pytest.fixture(scope='session')
def finished_run(tmp_path_factory) -> local_runs.LocalRun:
  """One cold run of the whole pipeline on 24 drawn images, for all of a test run's processes.

  Tests that change its data or config copy it first; only tests/e2e/test_local_run.py runs it again.
  """
  return once.made(tmp_path_factory, 'finished', local_runs.cold_run)


@pytest.fixture(scope='session')
def colour_model(tmp_path_factory):
  """The folder of a model that finds red and blue rectangles exactly."""
  return once.made(tmp_path_factory, 'colour_model', colour_detector.save_model_artifact)


@pytest.fixture(scope='session')
def half_blind_model(tmp_path_factory):
  """The folder of a model that never finds blue."""
  save = functools.partial(colour_detector.save_model_artifact, blind_to=('blue',))
  return once.made(tmp_path_factory, 'half_blind_model', save)


@pytest.fixture(scope='session')
def draw():
  """`picture`, for tests that make their own images."""
  return colour_detector.picture


@pytest.fixture(scope='session')
def scenes(tmp_path_factory):
  """The folder of an Examples artifact, split `eval`: 12 images in two files, one of them empty of objects."""
  import tensorflow as tf

  folder = tmp_path_factory.mktemp('scenes')
  split = folder / 'Split-eval'
  split.mkdir()
  rng = np.random.default_rng(0)
  records = []
  for number in range(12):
    top, left = rng.integers(0, 20, 2)
    objects = [('red', (top, left, top + 24, left + 20))] if number else []
    if number % 3 == 0 and number:
      objects.append(('blue', (10, 60, 40, 90)))
    records.append(
      colour_detector.example(f'scene-{number:02d}.png', objects, size=(96, 64) if number % 2 else (120, 80))
    )
  for index, some in enumerate((records[:7], records[7:])):
    with tf.io.TFRecordWriter(os.fspath(split / f'data_tfrecord-{index:05d}-of-00002')) as writer:
      for record in some:
        writer.write(record)
  return folder


@pytest.fixture(scope='session')
def make():
  """make.image, make.crowded, make.merged, and some boxes by name."""
  boxes = {name: getattr(metric_images, name) for name in ('BOX', 'NEAR', 'HALF', 'FAR', 'TINY')}
  return types.SimpleNamespace(
    image=metric_images.make_image, crowded=metric_images.crowded_images, merged=metric_images.merged, **boxes
  )
