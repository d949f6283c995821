"""What a run leaves behind works with the OD API's own tools, unchanged."""

import pathlib

import pytest
import tensorflow as tf

pytestmark = pytest.mark.slow


def test_train_loop_trains_on_the_compiled_pipeline_config(finished_run, tmp_path):
  from detection.odapi import compat

  compat.apply()
  from object_detection import model_lib_v2

  config = finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config'
  model_lib_v2.train_loop(
    str(config), str(tmp_path), train_steps=2, num_steps_per_iteration=1, checkpoint_every_n=1, record_summaries=False
  )
  step = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(tmp_path)))
  assert step.get_tensor('step/.ATTRIBUTES/VARIABLE_VALUE') == 2


def test_the_exported_checkpoint_can_be_exported_again_by_the_od_api(finished_run, tmp_path):
  from detection.odapi import compat

  compat.apply()
  from object_detection.builders import model_builder

  from detection.odapi.config import config_io

  model_folder = finished_run.artifact('ODAPITrainer', 'model')
  text = pathlib.Path(model_folder, 'pipeline.config').read_text()
  config = config_io.parse(text, 'pipeline.config')
  model = model_builder.build(config.model, is_training=False)
  # As exporter_lib_v2 does: the variables come into being after the restore.
  status = tf.train.Checkpoint(model=model).restore(str(model_folder / 'checkpoint' / 'ckpt-0'))
  images, shapes = model.preprocess(tf.zeros([1, 160, 160, 3]))
  model.predict(images, shapes)
  status.assert_existing_objects_matched()
