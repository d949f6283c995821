"""The forms a model is published in: size, time and scores."""

import pytest

from components.evaluator import exports
from tests.support.colour_detector import picture, png

METRICS = {'AP': 0.5, 'AP50': 0.75, 'AP75': 0.25, 'AR100': 1.0}


def test_a_saved_model_is_sized_timed_and_shown_with_three_metrics(colour_model):
  folder = colour_model / 'Format-Serving'
  row = exports.measure('SavedModel', str(folder), METRICS, [png(picture([]))] * 3)
  assert row.bytes == sum(path.stat().st_size for path in folder.rglob('*') if path.is_file())
  assert row.milliseconds > 0
  assert row.metrics == {'AP': 0.5, 'AP50': 0.75, 'AP75': 0.25}


def test_the_time_is_the_median_without_the_first_calls(monkeypatch):
  seconds = iter([9.0, 9.0, 9.0, 0.001, 0.002, 0.100])  # three warm-up calls, then three images
  now = [0.0]

  class SlowAtFirst:
    def __init__(self, path):
      self.path = path

    def detect(self, images):
      now[0] += next(seconds)

  monkeypatch.setattr(exports, 'Detector', SlowAtFirst)
  monkeypatch.setattr(exports.time, 'perf_counter', lambda: now[0])
  monkeypatch.setattr(exports.files, 'isdir', lambda path: True)
  monkeypatch.setattr(exports.files, 'walk', lambda path: [])
  row = exports.measure('any', 'model', METRICS, [png(picture([]))] * 3)
  assert row.milliseconds == pytest.approx(2.0)
