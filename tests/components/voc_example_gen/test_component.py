"""Wiring mistakes fail when the component is built."""

import pytest

from components.voc_example_gen.component import VocExampleGen
from detection.base.errors import ConfigError


@pytest.mark.parametrize(
  ('settings', 'message'),
  [
    ({'split': {'metod': 'hash'}}, 'nearest: "split.method"'),
    ({'split': {'eval_fraction': 1.5}}, 'eval_fraction'),
    ({'split': {'group_by': '('}}, 'not a regular expression'),
    ({'split': {'eval_fraction': 0.5, 'test_fraction': 0.5}}, 'something to train on'),
    ({'max_bad_fraction': -1}, 'max_bad_fraction'),
    ({'data_format': 'vok'}, 'data_format'),
    ({'data_root': ''}, 'data.root'),
  ],
)
def test_wrong_settings_fail_when_the_component_is_built(settings, message):
  with pytest.raises(ConfigError, match=message):
    VocExampleGen(**{'data_root': 'data', **settings})
