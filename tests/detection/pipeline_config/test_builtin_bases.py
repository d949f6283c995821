"""The built-in bases: their facts, and their configs to the last field."""

import hashlib
import re

import pytest

from detection.odapi import backbones
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, sizes
from tests.support.base_digests import DIGESTS


@pytest.mark.parametrize('name', DIGESTS)
def test_a_base_is_the_config_it_has_always_been(name):
  config = config_io.parse(builtin_bases.text(name))

  assert hashlib.sha256(config.SerializeToString(deterministic=True)).hexdigest() == DIGESTS[name]


def test_one_yaml_file_is_a_new_base(tmp_path, monkeypatch):
  given = builtin_bases.get('ssd_mobilenet_v2_320')
  (tmp_path / 'mine.config').write_text(builtin_bases.text(given.name))
  facts = f'use: x\nfamily: SSD\ninput: 300x300\nparameters: {given.parameters}\nmAP: null\nspeed_ms: 5\nsource: me\n'
  (tmp_path / 'mine.yaml').write_text(facts)
  (tmp_path / 'narrow.yaml').write_text(f'{facts}from: mine\noverrides: {{model.ssd.num_classes: 7}}\n')
  monkeypatch.setattr(builtin_bases, 'FOLDER', tmp_path)

  assert builtin_bases.names() == ['mine', 'narrow']
  assert re.search(r'mine +SSD +300x300 +6,066,431 +- +5 ms\n    x\n', builtin_bases.table())
  whole, narrow = (config_io.parse(builtin_bases.text(name)) for name in ('mine', 'narrow'))
  assert narrow.model.ssd.num_classes == 7
  narrow.model.ssd.num_classes = whole.model.ssd.num_classes
  assert narrow == whole


def test_every_built_in_base_states_its_facts():
  families = {'SSD', 'EfficientDet', 'Faster R-CNN', 'CenterNet'}
  for base in builtin_bases.entries():
    assert base.family in families
    assert len(base.use) > 20
    assert re.fullmatch(r'\d+x\d+', base.input)
    assert base.parameters > 100_000
    assert ('zoo' in base.source) == (base.mAP is not None) == (base.speed_ms is not None)
  unpublished = {base.family for base in builtin_bases.entries() if base.mAP is None}
  assert unpublished == {'SSD', 'EfficientDet', 'CenterNet'}


@pytest.mark.parametrize('name', builtin_bases.names())
def test_the_input_stated_is_the_input_built(name):
  height, width = sizes.input_shape(config_io.parse(builtin_bases.text(name)))

  assert builtin_bases.get(name).input == f'{width}x{height}'


@pytest.mark.parametrize('name', builtin_bases.names())
def test_a_base_names_the_published_weights_that_fit_its_backbone(name):
  own = backbones.of(config_io.parse(builtin_bases.text(name), name))
  multiplier = f' {own.multiplier:g}' if len(own.network.files) > 1 else ''
  assert builtin_bases.get(name).imagenet == own.network.name + multiplier
  assert f'model.checkpoint: imagenet takes the weights of {own.network.name}{multiplier}' in builtin_bases.table()
