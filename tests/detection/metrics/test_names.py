"""Names of metrics, as run configs give them."""

import pytest

from detection.base.errors import ConfigError
from detection.metrics import names


@pytest.mark.parametrize('name', ['AP', 'AP_small', 'AR100', 'F1', 'VOC10_AP50', 'AP50/cat', 'AP/a/b'])
def test_a_metric_may_be_asked_for_overall_or_of_one_class(name):
  assert names.problem(name) is None


@pytest.mark.parametrize('name', ['', 'mAP', 'AR@100', 'cat/AP50'])
def test_what_is_no_metric_is_told_with_those_that_are(name):
  assert names.problem(name) == (
    f'no metric "{name}". Expected one of AP, AP50, AP75, AP_small, AP_medium, AP_large, AR1, AR10, AR100, AR_small, '
    'AR_medium, AR_large, VOC07_AP50, VOC10_AP50, precision, recall, F1, or AP50/CLASS for one'
  )


def test_a_value_is_looked_up_overall_or_of_its_class():
  per_class = {'cat': {'AP50': 0.5}, 'a/b': {'AP50': 0.25}}
  assert names.look_up('AP50', {'AP50': 0.4}, per_class) == 0.4
  assert names.look_up('AP50/cat', {'AP50': 0.4}, per_class) == 0.5
  assert names.look_up('AP50/a/b', {'AP50': 0.4}, per_class) == 0.25


def test_a_metric_of_a_class_that_there_is_not_is_refused():
  names.check_class('AP50', ['cat'], 'train.watch')
  names.check_class('AP50/cat', ['cat'], 'train.watch')
  with pytest.raises(ConfigError, match=r'^train\.watch: no class "dog"\. Expected one of \[\'cat\'\]\.$'):
    names.check_class('AP50/dog', ['cat'], 'train.watch')
