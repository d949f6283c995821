"""MapEvaluator on real artifacts in temporary folders, with a real SavedModel."""

import json
import os
import pathlib

import pytest
from tfx.dsl.components.base import base_beam_executor
from tfx.types import standard_artifacts

from components.artifacts import ExportedModels, LabelMap
from components.evaluator import executor
from detection.base import beam_options
from detection.base.errors import ConfigError
from detection.inference import tflite_model
from detection.odapi import label_map as label_maps


@pytest.fixture
def evaluate(scenes, tmp_path):
  """Runs the executor; returns (evaluation artifact, blessing artifact, parsed metrics.json)."""

  def run(model, baseline=None, split='eval', beam_args=(), exports=None, label_map=None, **properties):
    artifacts = {
      'model': standard_artifacts.Model(),
      'examples': standard_artifacts.Examples(),
      'label_map': LabelMap(),
    }
    artifacts['model'].uri, artifacts['model'].id = str(model), 7
    artifacts['examples'].uri = str(scenes)
    artifacts['examples'].splits = ['eval']
    artifacts['label_map'].uri = str(label_map or model)
    if baseline:
      artifacts['baseline'] = standard_artifacts.Model()
      artifacts['baseline'].uri, artifacts['baseline'].id = str(baseline), 3
    if exports:
      artifacts['exports'] = ExportedModels()
      artifacts['exports'].uri = str(exports)
    number = len(list(tmp_path.iterdir()))
    evaluation, blessing = standard_artifacts.ModelEvaluation(), standard_artifacts.ModelBlessing()
    evaluation.uri, blessing.uri = str(tmp_path / f'{number}-evaluation'), str(tmp_path / f'{number}-blessing')
    context = base_beam_executor.BaseBeamExecutor.Context(
      beam_pipeline_args=list(beam_args), tmp_dir=str(tmp_path / f'{number}-tmp'), unique_id='1'
    )
    exec_properties = {
      'thresholds': json.dumps(properties.pop('thresholds', {})),
      'min_improvement': properties.pop('min_improvement', 0.0),
      'split': split,
      'iou': 0.5,
      'slice_pattern': properties.pop('slice_pattern', ''),
      'baseline_destination': properties.pop('baseline_destination', ''),
      **properties,
    }
    executor.Executor(context).Do(
      {name: [artifact] for name, artifact in artifacts.items()},
      {'evaluation': [evaluation], 'blessing': [blessing]},
      exec_properties,
    )
    return evaluation, blessing, json.loads(pathlib.Path(evaluation.uri, 'metrics.json').read_text())

  return run


def assert_blessed(blessing):
  assert sorted(os.listdir(blessing.uri)) == ['BLESSED']
  assert blessing.get_int_custom_property('blessed') == 1


def assert_not_blessed(blessing, reason):
  assert sorted(os.listdir(blessing.uri)) == ['NOT_BLESSED']
  assert blessing.get_int_custom_property('blessed') == 0
  assert blessing.has_custom_property('blessed')
  assert reason in blessing.get_string_custom_property('blessing_message')
  assert reason in pathlib.Path(blessing.uri, 'NOT_BLESSED').read_text()


def blind_network():
  """A TFLite network that finds nothing."""
  import tensorflow as tf

  @tf.function(input_signature=[tf.TensorSpec([1, 8, 8, 3], tf.float32)])
  def infer(image):
    nothing = 0 * tf.reduce_mean(image)
    return (
      tf.zeros([1, 1, 4]) + nothing,
      tf.zeros([1, 1]) + nothing,
      tf.zeros([1, 1]) + nothing,
      tf.zeros([1]) + nothing,
    )

  return tf.lite.TFLiteConverter.from_concrete_functions([infer.get_concrete_function()]).convert()


@pytest.mark.slow
def test_tflite_files_are_measured_beside_the_model_and_have_no_part_in_the_verdict(evaluate, colour_model, tmp_path):
  (tmp_path / 'tflite').mkdir()
  packed = tflite_model.pack(blind_network(), {'red': 1, 'blue': 2}, tflite_model.Letterbox())
  (tmp_path / 'tflite' / 'float16.tflite').write_bytes(packed)
  evaluation, blessing, metrics = evaluate(colour_model, thresholds={'AP50': 0.9}, exports=tmp_path / 'tflite')
  assert_blessed(blessing)
  saved, small = metrics['exports']
  assert (saved['name'], small['name']) == ('SavedModel', 'float16.tflite')
  assert (saved['metrics']['AP'], small['metrics']['AP']) == (pytest.approx(1), 0)
  assert small['bytes'] == len(packed) < saved['bytes']
  assert min(saved['milliseconds'], small['milliseconds']) > 0
  page = pathlib.Path(evaluation.uri, 'report.html').read_text()
  assert 'float16.tflite' in page


@pytest.mark.slow
def test_objects_whose_names_share_an_id_are_measured_as_one_class(evaluate, colour_model, tmp_path):
  (tmp_path / 'labels').mkdir()
  (tmp_path / 'labels' / 'label_map.pbtxt').write_text(label_maps.dump({'thing': 1, 'red': 1, 'blue': 1}))
  bounds = {'AP50': 0.9, 'AP/thing': 0.9}
  evaluation, blessing, metrics = evaluate(colour_model, thresholds=bounds, label_map=tmp_path / 'labels')
  assert_blessed(blessing)
  assert [row['name'] for row in metrics['model']['per_class']] == ['thing']
  assert metrics['model']['objects'] == 14
  assert 'thing' in pathlib.Path(evaluation.uri, 'report.html').read_text()


@pytest.mark.slow
def test_a_model_that_finds_everything_scores_1_and_is_blessed(evaluate, colour_model):
  _, blessing, metrics = evaluate(colour_model, thresholds={'AP50': 0.9, 'AP/blue': 0.9})
  assert_blessed(blessing)
  assert metrics['model']['images'] == 12
  assert metrics['model']['metrics']['AP'] == pytest.approx(1.0)
  assert [(row['name'], row['objects']) for row in metrics['model']['per_class']] == [('red', 11), ('blue', 3)]


@pytest.mark.slow
def test_a_model_that_misses_a_class_is_not_blessed_and_the_reason_says_so(evaluate, half_blind_model):
  evaluation, blessing, metrics = evaluate(half_blind_model, thresholds={'AP50': 0.6, 'AP50/blue': 0.1})
  reason = 'AP50 0.500 is below the threshold 0.600. AP50/blue 0.000 is below the threshold 0.100.'
  assert_not_blessed(blessing, reason)
  assert metrics['verdict']['reason'] == reason
  assert reason in pathlib.Path(evaluation.uri, 'report.html').read_text()
  assert metrics['model']['per_class'][0]['metrics']['AP50'] == pytest.approx(1.0)
  assert metrics['model']['per_class'][1]['metrics']['AP50'] == 0


@pytest.mark.slow
def test_a_model_worse_than_the_one_in_production_is_not_blessed(evaluate, colour_model, half_blind_model):
  _, blessing, metrics = evaluate(half_blind_model, baseline=colour_model, thresholds={'AP50': 0.3})
  assert_not_blessed(blessing, 'AP over baseline 0.500 is below the baseline 1.000 +0.000.')
  assert metrics['baseline']['metrics']['AP'] == pytest.approx(1.0)
  assert blessing.get_int_custom_property('baseline_model_id') == 3


@pytest.mark.slow
def test_a_model_better_than_the_one_in_production_is_blessed(evaluate, colour_model, half_blind_model):
  _, blessing, _ = evaluate(colour_model, baseline=half_blind_model, min_improvement=0.4)
  assert_blessed(blessing)


@pytest.mark.slow
def test_the_baseline_is_found_where_models_are_pushed(evaluate, colour_model, half_blind_model, tmp_path):
  destination = tmp_path / 'serving'
  destination.mkdir()
  _, first, _ = evaluate(half_blind_model, baseline_destination=str(destination))
  assert_blessed(first)
  version = destination / '5'
  version.symlink_to(colour_model / 'Format-Serving')
  (destination / 'label_map.pbtxt').write_text((colour_model / 'label_map.pbtxt').read_text())
  _, second, metrics = evaluate(half_blind_model, baseline_destination=str(destination))
  assert_not_blessed(second, 'AP over baseline')
  assert metrics['sources']['baseline'] == str(version)


@pytest.mark.slow
def test_several_processes_give_the_same_numbers(evaluate, half_blind_model):
  _, _, alone = evaluate(half_blind_model)
  workers = ['--runner=FnApiRunner', '--sdk_container_image=none', '--direct_num_workers=2']
  _, _, shared = evaluate(half_blind_model, beam_args=[*workers, '--direct_running_mode=multi_processing'])
  assert shared['model'] == alone['model']


@pytest.mark.slow
def test_a_distributed_engine_gives_the_same_numbers(evaluate, half_blind_model, engine):
  _, _, alone = evaluate(half_blind_model)
  _, _, distributed = evaluate(half_blind_model, beam_args=engine)
  assert distributed['model'] == alone['model']


@pytest.mark.slow
def test_a_job_server_that_is_not_there_is_told_of(evaluate, half_blind_model, monkeypatch):
  monkeypatch.setattr(beam_options, '_WAIT', 1)
  with pytest.raises(ConfigError, match=r"--job_endpoint: .* received 'localhost:1', where none answers within 1 s"):
    evaluate(half_blind_model, beam_args=['--runner=PortableRunner', '--job_endpoint=localhost:1'])


@pytest.mark.slow
def test_a_model_that_does_not_load_is_not_blessed(evaluate, colour_model, tmp_path):
  broken = tmp_path / 'broken'
  (broken / 'Format-Serving').mkdir(parents=True)
  (broken / 'label_map.pbtxt').write_text((colour_model / 'label_map.pbtxt').read_text())
  content = (colour_model / 'Format-Serving/saved_model.pb').read_bytes()
  (broken / 'Format-Serving/saved_model.pb').write_bytes(content[: len(content) // 2])
  evaluation, blessing, metrics = evaluate(broken)
  assert_not_blessed(blessing, 'does not serve')
  assert metrics['model'] is None
  assert os.path.exists(os.path.join(evaluation.uri, 'report.html'))
