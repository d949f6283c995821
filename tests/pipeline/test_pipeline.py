"""The DAG: which steps a run config makes, and how they are connected."""

import json

import pytest
from tensorflow_data_validation import StatsOptions

from detection.base.errors import ConfigError
from detection.pipeline_config import hyperparameters
from pipeline import pipeline
from pipeline.config import RunConfig

SEARCH = {'space': {'learning_rate': {'min': 0.001, 'max': 0.1, 'scale': 'log'}}, 'trials': 3, 'steps': 50}
DATA, STATISTICS = ['VocExampleGen'], ['StatisticsGen', 'SchemaGen', 'ExampleValidator']
RELEASE = ['MapEvaluator', 'DetectionPusher']


def components(**sections):
  """{id: component} of the pipeline of a run config, in order."""
  config = RunConfig(**{'data': {'root': '/data'}, **sections})
  context = pipeline.RunContext('/pipeline', '/data', '/serving', target_root='/night')
  return {component.id: component for component in pipeline.create_pipeline(config, context).components}


@pytest.mark.parametrize(
  ('sections', 'expected'),
  [
    pytest.param({}, [*STATISTICS, 'ConfigPatcher', 'ODAPITrainer'], id='the plain pipeline'),
    pytest.param({'data': {'statistics': False}}, ['ConfigPatcher', 'ODAPITrainer'], id='no statistics'),
    pytest.param(
      {
        'tune': SEARCH,
        'adapt': {'target': '/night'},
        'export': {'onnx': True},
      },
      [*STATISTICS, 'TargetExampleGen', 'DetectionTuner', 'ConfigPatcher', 'ODAPITrainer', 'ModelExporter'],
      id='a search, another domain and other formats',
    ),
    pytest.param(
      {'two_stage': {}},
      [*STATISTICS, 'DetectorLabelMapGen', 'ConfigPatcher', 'ODAPITrainer', 'CropClassifier'],
      id='a classifier behind the detector',
    ),
    pytest.param(
      {'two_stage': {'detector': '/models/detector'}},
      [*STATISTICS, 'CropClassifier'],
      id='a classifier behind a detector that is trained already',
    ),
  ],
)
def test_the_steps_of_a_run_config(sections, expected):
  assert set(components(**sections)) == {*DATA, 'LabelMapGen', *expected, *RELEASE}


def test_statistics_are_of_all_features_and_do_not_shuffle_images():
  text = components()['StatisticsGen'].exec_properties['stats_options_json']
  options = StatsOptions.from_json(text)
  assert options.use_sketch_based_topk_uniques
  assert options.feature_allowlist is None


def test_the_baseline_is_resolved_where_this_process_keeps_the_metadata(tmp_path):
  from tfx.orchestration import metadata

  connection = metadata.sqlite_metadata_connection_config(str(tmp_path / 'metadata.db'))
  config = RunConfig(data={'root': '/data'})
  context = pipeline.RunContext('/pipeline', '/data', '/serving', connection)
  found = {component.id: component for component in pipeline.create_pipeline(config, context).components}
  assert found['MapEvaluator'].inputs['baseline'] == found['Baseline'].outputs['model']
  assert found['MapEvaluator'].exec_properties['baseline_destination'] == ''
  # Elsewhere the evaluator takes the model that was pushed last.
  elsewhere = components()
  assert 'Baseline' not in elsewhere
  assert elsewhere['MapEvaluator'].exec_properties['baseline_destination'] == '/serving'
  assert components(evaluate={'baseline': 'none'})['MapEvaluator'].exec_properties['baseline_destination'] == ''


def test_without_an_export_section_there_is_no_exporter_and_no_limit():
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


def test_a_drift_reference_alone_makes_the_step_too_and_goes_to_the_pusher():
  found = components(export={'drift_reference': True})
  assert found['ModelExporter'].exec_properties['drift_reference'] == 1
  assert found['DetectionPusher'].inputs['exports'] == found['ModelExporter'].outputs['exports']
  assert not components(export={'onnx': True})['ModelExporter'].exec_properties.get('drift_reference')


def test_onnx_alone_makes_the_step_too_for_any_family():
  found = components(export={'onnx': True}, model={'base': 'faster_rcnn_resnet50_v1_640'})
  assert found['ModelExporter'].exec_properties['onnx'] == '["float32"]'


def test_a_family_that_cannot_be_converted_is_refused_before_anything_runs():
  with pytest.raises(ConfigError, match='export.tflite: .* family faster_rcnn'):
    components(export={'tflite': ['float16']}, model={'base': 'faster_rcnn_resnet50_v1_640'})


def test_what_the_tuner_finds_goes_to_the_patcher():
  found = components(tune=SEARCH)

  assert found['ConfigPatcher'].inputs['hyperparameters'] == found['DetectionTuner'].outputs['hyperparameters']
  assert found['DetectionTuner'].exec_properties['num_steps'] == 50
  assert found['ConfigPatcher'].exec_properties['num_steps'] == 2000


def test_what_an_earlier_search_found_is_imported_in_place_of_a_search(tmp_path):
  hyperparameters.write(str(tmp_path / 'found'), {'learning_rate': 0.03})

  found = components(tune={'import': str(tmp_path / 'found')})

  assert 'DetectionTuner' not in found
  assert json.loads(found['ConfigPatcher'].exec_properties['overrides']) == {'learning_rate': 0.03}


def test_trials_adapt_as_the_training_does():
  found = components(tune=SEARCH, adapt={'target': '/night', 'weight': 0.3})

  (target,) = {found[name].inputs['target_examples'] for name in ('DetectionTuner', 'ODAPITrainer')}
  assert target == found['TargetExampleGen'].outputs['examples']
  (adapt,) = {found[name].exec_properties['adapt'] for name in ('DetectionTuner', 'ODAPITrainer')}
  assert json.loads(adapt)['weight'] == 0.3
  assert list(found).index('TargetExampleGen') < list(found).index('DetectionTuner')


def test_a_family_that_cannot_adapt_is_refused_before_anything_is_ingested():
  with pytest.raises(ConfigError, match='adapt: not for model faster_rcnn'):
    components(adapt={'target': '/night'}, model={'base': 'faster_rcnn_resnet50_v1_640'})


def test_one_class_is_made_by_the_label_map_that_all_steps_share():
  found = components(data={'root': '/data', 'single_class': 'thing'})
  label_map = found['LabelMapGen'].outputs['label_map']
  assert found['LabelMapGen'].exec_properties['single_class'] == 'thing'
  assert {id(found[step].inputs['label_map']) for step in ('ConfigPatcher', 'ODAPITrainer', 'MapEvaluator')} == {
    id(label_map)
  }


def test_the_detector_learns_one_class_and_the_classifiers_model_goes_on():
  found = components(two_stage={}, export={'score_threshold': 0.3})
  one_class = found['DetectorLabelMapGen'].outputs['label_map']
  properties = found['DetectorLabelMapGen'].exec_properties
  assert (properties['single_class'], properties['for_classifier']) == ('object', 1)
  assert found['ConfigPatcher'].inputs['label_map'] == found['ODAPITrainer'].inputs['label_map'] == one_class
  named = found['CropClassifier']
  assert named.inputs['detector'] == found['ODAPITrainer'].outputs['model']
  assert named.inputs['label_map'] == found['LabelMapGen'].outputs['label_map']
  for step in ('MapEvaluator', 'DetectionPusher'):
    assert found[step].inputs['model'] == named.outputs['model']
  assert found['MapEvaluator'].inputs['label_map'] == found['LabelMapGen'].outputs['label_map']
  assert found['ODAPITrainer'].exec_properties['score_threshold'] == 0
  assert named.exec_properties['score_threshold'] == 0.3


def test_tiles_are_trained_on_and_whole_images_are_evaluated_by_tiles():
  found = components(data={'root': '/data', 'tiles': {'size': 320, 'empty': 0.5}}, export={'onnx': True})
  tiled = found['ExampleTiler'].outputs['tiled']
  whole = found['VocExampleGen'].outputs['examples']
  assert json.loads(found['ExampleTiler'].exec_properties['tiles'])['empty'] == 0.5
  assert all(found[name].inputs['examples'] is tiled for name in ('ConfigPatcher', 'ODAPITrainer', 'ModelExporter'))
  assert all(found[name].inputs['examples'] is whole for name in ('LabelMapGen', 'StatisticsGen', 'MapEvaluator'))
  assert json.loads(found['MapEvaluator'].exec_properties['tiles']) == {'size': 320, 'overlap': 0.2}


def test_a_detector_that_is_there_is_not_trained():
  found = components(two_stage={'detector': '/models/detector'})
  assert not {'ODAPITrainer', 'ConfigPatcher', 'DetectorLabelMapGen'} & set(found)
  assert json.loads(found['CropClassifier'].exec_properties['settings'])['detector'] == '/models/detector'
  assert 'model_run' not in found['MapEvaluator'].inputs
