"""The `export:` section of a run config."""

import pytest

from components.model_exporter.settings import ExportSettings


def test_onnx_true_is_the_model_as_it_was_converted_and_kinds_may_be_named():
  asked = (False, True, ['float32', 'int8'])
  assert [ExportSettings(onnx=onnx).onnx for onnx in asked] == [[], ['float32'], ['float32', 'int8']]


@pytest.mark.parametrize(
  ('given', 'converts'),
  [({}, False), ({'onnx': True}, True), ({'tflite': ['int8']}, True), ({'drift_reference': True}, True)],
)
def test_whether_anything_is_converted(given, converts):
  assert ExportSettings(**given).converts is converts
