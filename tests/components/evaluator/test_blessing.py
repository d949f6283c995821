"""The blessing, as TFX's own tools read it."""

import os
import pathlib

from tfx.dsl.input_resolution.strategies import latest_blessed_model_strategy
from tfx.types import standard_artifacts

from components.evaluator import blessing, verdict

BLESSED, REFUSED = verdict.Verdict(True, 'AP50 reaches 0.5.', ()), verdict.refused('It does not serve.')


def model_artifact(number):
  artifact = standard_artifacts.Model()
  artifact.uri, artifact.id = f'/models/{number}', number
  return artifact


def written(folder, judged, model, baseline=None):
  artifact = standard_artifacts.ModelBlessing()
  artifact.uri = str(folder / str(model.id))
  blessing.write(artifact, judged, model, baseline)
  return artifact


def test_tfx_finds_the_blessed_model_by_the_blessing(tmp_path):
  models = [model_artifact(1), model_artifact(2)]
  blessings = [written(tmp_path, judged, model) for judged, model in zip((BLESSED, REFUSED), models, strict=True)]
  strategy = latest_blessed_model_strategy.LatestBlessedModelStrategy()
  found = strategy.resolve_artifacts(None, {'model': models, 'blessing': blessings})
  assert [artifact.id for artifact in found['model']] == [1]


def test_the_reason_is_in_the_file_and_in_the_property(tmp_path):
  refused = written(tmp_path, REFUSED, model_artifact(1))
  assert os.listdir(refused.uri) == ['NOT_BLESSED']
  assert pathlib.Path(refused.uri, 'NOT_BLESSED').read_text() == 'It does not serve.\n'
  assert refused.get_string_custom_property('blessing_message') == 'It does not serve.'
  assert refused.get_int_custom_property('blessed') == 0
  assert refused.has_custom_property('blessed')


def test_the_models_that_were_compared_are_named(tmp_path):
  blessed = written(tmp_path, BLESSED, model_artifact(7), model_artifact(3))
  assert os.listdir(blessed.uri) == ['BLESSED']
  assert blessed.get_string_custom_property('current_model') == '/models/7'
  assert blessed.get_int_custom_property('current_model_id') == 7
  assert blessed.get_string_custom_property('baseline_model') == '/models/3'
  assert blessed.get_int_custom_property('baseline_model_id') == 3
