import numpy as np
import pytest
import tensorflow as tf

from detection.base.errors import DataError
from detection.odapi.config import config_io
from detection.odapi.model import features

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def trained(finished_run):
  """(config, checkpoint prefix) of the finished run's model."""
  folder = finished_run.artifact('ODAPITrainer', 'model')
  return config_io.parse((folder / 'pipeline.config').read_text()), str(folder / 'checkpoint' / 'ckpt-0')


def test_crops_of_any_size_become_feature_maps_by_the_trained_weights(trained):
  forward, variables = features.backbone(*trained)
  crops = tf.random.uniform([2, 64, 96, 3], maxval=255)
  maps = forward(crops)
  assert all(feature_map.shape[0] == 2 for feature_map in maps)
  assert maps[-1].shape[1] < maps[-1].shape[2]
  for variable in variables:
    variable.assign(tf.zeros_like(variable))
  assert not np.allclose(forward(crops)[-1], maps[-1])


def test_a_checkpoint_of_another_backbone_is_refused(trained):
  config = config_io.Config()
  config.CopyFrom(trained[0])
  config.model.ssd.feature_extractor.depth_multiplier = 0.75
  with pytest.raises(DataError, match='backbone variables could be restored'):
    features.backbone(config, trained[1])
