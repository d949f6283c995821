"""The model folder of a whole run."""

import pytest
import tensorflow as tf

from detection import model_folder
from detection.odapi import label_map

pytestmark = pytest.mark.slow


def test_a_model_folder_has_savedmodel_checkpoint_config_and_labels(finished_run):
  model = finished_run.artifact('ODAPITrainer', 'model')
  assert model_folder.find_saved_model(str(model)) == model_folder.serving(str(model))
  names = [name for name, _ in tf.train.list_variables(model_folder.checkpoint_prefix(str(model)))]
  assert any(name.startswith('model/') for name in names)
  assert not any(name.startswith('optimizer/') for name in names)
  patched = finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config'
  assert (model / model_folder.PIPELINE_CONFIG).read_text() == patched.read_text()
  assert set(label_map.parse((model / model_folder.LABEL_MAP).read_text())) == {'circle', 'square', 'triangle'}
