"""The run config's `export` section, and the steps it makes."""

import pytest

from detection.base.errors import ConfigError
from pipeline import pipeline
from pipeline.config import RunConfig


def components(**sections):
  config = RunConfig(**{'data': {'root': '/data'}, **sections})
  made = pipeline.create_pipeline(config, pipeline.RunContext('/pipeline', '/data', '/serving'))
  return {component.id: component for component in made.components}


def test_without_it_there_is_no_step_and_no_limit():
  found = components()
  assert 'ModelExporter' not in found
  assert found['ODAPITrainer'].exec_properties['score_threshold'] == 0
  assert not found['ODAPITrainer'].exec_properties.get('max_detections')


def test_tflite_files_go_to_the_evaluator_and_the_pusher_and_limits_hold_for_both_exports():
  found = components(export={'tflite': ['float16', 'int8'], 'score_threshold': 0.3, 'max_detections': 10})
  exporter = found['ModelExporter']
  assert exporter.exec_properties['tflite'] == '["float16", "int8"]'
  for step in ('ModelExporter', 'ODAPITrainer'):
    properties = found[step].exec_properties
    assert (properties['score_threshold'], properties['max_detections']) == (0.3, 10)
  for step in ('MapEvaluator', 'DetectionPusher'):
    assert found[step].inputs['exports'] == exporter.outputs['exports']


def test_onnx_alone_makes_the_step_too_for_any_family():
  found = components(export={'onnx': True}, model={'base': 'faster_rcnn_resnet50_v1_640'})
  assert found['ModelExporter'].exec_properties['onnx'] == 1


def test_a_family_that_cannot_be_converted_is_refused_before_anything_runs():
  with pytest.raises(ConfigError, match='export.tflite: .* family faster_rcnn'):
    components(export={'tflite': ['float16']}, model={'base': 'faster_rcnn_resnet50_v1_640'})
