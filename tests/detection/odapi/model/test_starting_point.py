"""Which reader a fine_tune_checkpoint goes to."""

import pytest

from detection.odapi.config import config_io
from detection.odapi.model import backbone_weights, restore, starting_point
from detection.odapi.weights import imagenet, read
from detection.pipeline_config import builtin_bases


@pytest.fixture
def config():
  return config_io.parse(builtin_bases.text('ssd_mobilenet_v2_320'), 'base')


@pytest.fixture
def calls(monkeypatch):
  found = []
  monkeypatch.setattr(read, 'read', lambda path: None if path.endswith('ckpt-0') else f'read {path}')
  monkeypatch.setattr(imagenet, 'path', lambda network, multiplier: f'{network.name}_{multiplier}.h5')
  monkeypatch.setattr(backbone_weights, 'restore', lambda model, config, saved, least: found.append(saved))
  monkeypatch.setattr(restore, 'restore', lambda model, prefix, kind, least: found.append((prefix, kind)))
  return found


@pytest.mark.parametrize(
  ('checkpoint', 'kind', 'expected'),
  [
    ('net.h5', 'classification', 'read net.h5'),
    ('imagenet', 'classification', 'read MobileNetV2_1.0.h5'),
    ('a/ckpt-0', 'classification', ('a/ckpt-0', 'classification')),
    ('a/ckpt-0', 'full', ('a/ckpt-0', 'full')),
    ('a/ckpt-0', '', ('a/ckpt-0', 'detection')),
  ],
)
def test_weights_of_networks_and_checkpoints_of_detectors_part_here(config, calls, checkpoint, kind, expected):
  config.train_config.fine_tune_checkpoint, config.train_config.fine_tune_checkpoint_type = checkpoint, kind
  starting_point.apply(None, config)
  assert calls == [expected]
