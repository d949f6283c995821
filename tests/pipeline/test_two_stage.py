"""Where the classifier behind a detector stands in the pipeline, and what does not go with it."""

import json

import pytest
import yaml

from detection.base.errors import ConfigError
from kubeflow.compiler import targets
from pipeline import config, pipeline


@pytest.fixture
def load(tmp_path):
  def load(root='/data', **sections):
    path = tmp_path / 'run.yaml'
    path.write_text(yaml.safe_dump({'name': 'named', 'data': {'root': root}, **sections}))
    return config.load(str(path))

  return load


def components(loaded):
  made = pipeline.create_pipeline(loaded, pipeline.RunContext('/pipeline', '/data', '/serving'))
  return {component.id: component for component in made.components}


def test_the_detector_learns_one_class_and_the_classifiers_model_goes_on(load):
  found = components(load(two_stage={}, export={'score_threshold': 0.3}))
  one_class = found['DetectorLabelMapGen'].outputs['label_map']
  assert found['DetectorLabelMapGen'].exec_properties['single_class'] == 'object'
  assert found['ConfigPatcher'].inputs['label_map'] == found['ODAPITrainer'].inputs['label_map'] == one_class
  named = found['CropClassifier']
  assert named.inputs['detector'] == found['ODAPITrainer'].outputs['model']
  assert named.inputs['label_map'] == found['LabelMapGen'].outputs['label_map']
  for step in ('MapEvaluator', 'DetectionPusher'):
    assert found[step].inputs['model'] == named.outputs['model']
  assert found['MapEvaluator'].inputs['label_map'] == found['LabelMapGen'].outputs['label_map']
  assert found['ODAPITrainer'].exec_properties['score_threshold'] == 0
  assert named.exec_properties['score_threshold'] == 0.3


def test_a_detector_that_is_there_is_not_trained(load):
  found = components(load(two_stage={'detector': '/models/finder'}))
  assert not {'ODAPITrainer', 'ConfigPatcher', 'DetectorLabelMapGen'} & set(found)
  assert json.loads(found['CropClassifier'].exec_properties['settings'])['detector'] == '/models/finder'
  assert 'model_run' not in found['MapEvaluator'].inputs


def test_without_it_there_is_no_such_step(load):
  assert not {'CropClassifier', 'DetectorLabelMapGen'} & set(components(load()))


@pytest.mark.parametrize(
  ('sections', 'message'),
  [
    ({'data': {'root': '/data', 'single_class': 'thing'}}, 'data.single_class takes away the class names'),
    ({'export': {'onnx': True}}, 'expected neither with two_stage'),
    ({'export': {'tflite': ['float16']}}, 'expected neither with two_stage'),
    ({'two_stage': {'detector': '/there'}, 'adapt': {'target': '/night'}}, 'trained already, expected no adapt'),
    ({'two_stage': {'max_boxes': 0}}, 'two_stage.max_boxes'),
  ],
)
def test_what_does_not_go_together_is_refused(load, sections, message):
  with pytest.raises(ConfigError, match=message):
    load(**{'two_stage': {}, **sections})


@pytest.mark.parametrize('target', targets.TARGETS)
@pytest.mark.parametrize('two_stage', [{}, {'detector': 's3://bucket/serving'}])
def test_it_is_compiled_with_the_parameters_that_its_steps_have(load, tmp_path, target, two_stage):
  output = tmp_path / 'out.yaml'
  loaded = load(root='s3://bucket/data', two_stage=two_stage)
  targets.compile_config(loaded, target, str(output))
  assert 'CropClassifier' in output.read_text()
  assert ('num_steps' in targets.default_parameters(loaded)) == (not two_stage)


def test_a_detector_that_no_container_can_see_is_refused(load, tmp_path):
  for two_stage in ({'detector': 'runs/serving'}, {'backbone': 'MobileNetV2=weights.h5'}):
    with pytest.raises(ConfigError, match=f'two_stage.{next(iter(two_stage))}: .* means nothing in a container'):
      targets.compile_config(load(root='/data', two_stage=two_stage), 'kfp', str(tmp_path / 'out.yaml'))
