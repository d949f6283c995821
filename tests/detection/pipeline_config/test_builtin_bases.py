import re

import pytest

from cli import main
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases


def test_every_built_in_base_states_its_facts():
  families = {'SSD', 'EfficientDet', 'Faster R-CNN', 'CenterNet'}
  for entry in builtin_bases.entries():
    assert entry.family in families
    assert len(entry.use) > 20
    assert re.fullmatch(r'\d+x\d+', entry.input)
    assert int(entry.parameters.replace(',', '')) > 100_000
    assert ('zoo' in entry.source) == (entry.mAP != '-') == (entry.speed != '-')
  assert {entry.family for entry in builtin_bases.entries() if entry.mAP == '-'} == {'SSD', 'EfficientDet', 'CenterNet'}


@pytest.mark.parametrize('name', builtin_bases.names())
def test_the_input_stated_is_the_input_built(name):
  config = config_io.parse(builtin_bases.text(name))
  resizer = getattr(config.model, config.model.WhichOneof('model')).image_resizer
  fixed, kept = resizer.fixed_shape_resizer, resizer.keep_aspect_ratio_resizer
  sides = (fixed.width, fixed.height) if resizer.HasField('fixed_shape_resizer') else (kept.max_dimension,) * 2

  assert next(entry.input for entry in builtin_bases.entries() if entry.name == name) == '{}x{}'.format(*sides)


def test_the_command_lists_them_all(capsys):
  assert main.main(['models']) == 0

  listed = capsys.readouterr().out
  for entry in builtin_bases.entries():
    assert re.search(rf'{entry.name} +{entry.family} +{entry.input} +{entry.parameters}', listed)
