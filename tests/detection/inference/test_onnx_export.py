"""An exported file that finds other boxes, and a model that cannot be exported. tests/components/model_exporter has one
that can."""

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.inference import onnx_export


class Blind:
  """In place of an OnnxModel: finds nothing."""

  labels = {'red': 1, 'blue': 2}

  def __init__(self, file, where):
    pass

  def detect_pixels(self, batch):
    nothing = np.zeros([1, 0], np.float32)
    return {
      'detection_boxes': np.zeros([1, 0, 4]),
      'detection_classes': nothing,
      'detection_scores': nothing,
      'num_detections': np.zeros([1]),
    }


def test_an_onnx_file_that_finds_other_boxes_is_refused(colour_model, monkeypatch, draw):
  monkeypatch.setattr(onnx_export.onnx_model, 'OnnxModel', Blind)
  saved_model = str(colour_model / 'Format-Serving')
  with pytest.raises(DataError, match='export.onnx: eval image 1: SavedModel finds red .* Set export.onnx to false'):
    onnx_export.check(b'', saved_model, [draw([]), draw([('red', (0, 0, 9, 9))])])


@pytest.mark.slow
def test_a_model_that_tf2onnx_cannot_convert_is_one_line(tmp_path):
  (tmp_path / 'saved_model.pb').write_bytes(b'broken')
  with pytest.raises(DataError, match=r'^export.onnx: tf2onnx cannot convert this model: [^\n]*$'):
    onnx_export.convert(str(tmp_path), {'a': 1})
