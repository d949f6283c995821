"""Blessed or not, and why."""

import math

import pytest

from components.evaluator import verdict
from detection.base.errors import ConfigError

NAN = math.nan


def measured(ap, ap50=NAN):
  return {'AP': ap, 'AP50': ap50}


@pytest.mark.parametrize(
  ('bounds', 'model', 'baseline', 'blessed', 'reason'),
  [
    pytest.param({}, measured(0.1), None, True, 'No thresholds are set', id='nothing asked'),
    pytest.param({'AP50': 0.5}, measured(0.1, 0.5), None, True, 'AP50 0.500 reaches', id='exactly reached'),
    pytest.param({'AP50': 0.5}, measured(0.1, 0.4999), None, False, 'AP50 0.500 is below', id='just below'),
    pytest.param({'AP50': 0.5}, measured(0.1, NAN), None, False, 'could not be measured', id='unmeasured'),
    pytest.param({'AP/cat': 0.5}, measured(0.9), None, False, 'AP/cat 0.200 is below', id='one class too weak'),
    pytest.param({'AP/dog': 0.5}, measured(0.1), None, True, 'AP/dog 0.600 reaches', id='one class good enough'),
    pytest.param({}, measured(0.4), measured(0.4), True, 'AP over baseline 0.400 reaches', id='as good'),
    pytest.param({}, measured(0.39), measured(0.4), False, 'below the baseline 0.400 +0.000', id='worse'),
    pytest.param({'min': 0.05}, measured(0.44), measured(0.4), False, '0.400 +0.050', id='too small an improvement'),
    pytest.param({'min': -0.1}, measured(0.35), measured(0.4), True, '0.400 -0.100', id='a fall that is allowed'),
    pytest.param({}, measured(0.4), measured(NAN), True, 'no AP on these images', id='a baseline without a score'),
    pytest.param({'AP50': 0.5}, measured(0.1, 0.6), measured(0.4), False, 'AP over baseline', id='one of two not met'),
  ],
)
def test_the_verdict(bounds, model, baseline, blessed, reason):
  thresholds = {name: value for name, value in bounds.items() if name != 'min'}
  classes = {'cat': {'AP': 0.2}, 'dog': {'AP': 0.6}}
  asked = verdict.Bounds(thresholds, min_improvement=bounds.get('min', 0.0))
  judged = verdict.judge(model, classes, asked, baseline, classes if baseline else None)
  assert judged.blessed == blessed
  assert reason in judged.reason


@pytest.mark.parametrize(
  ('most', 'before', 'blessed'),
  [(0.1, 0.29, True), (0.1, 0.31, False), (None, 0.9, True), (0.0, 0.2, True), (0.1, NAN, True)],
)
def test_no_class_may_drop_by_more_than_allowed(most, before, blessed):
  classes = {'cat': {'AP': 0.2}, 'dog': {'AP': 0.6}}
  old = {'cat': {'AP': before}, 'gone': {'AP': 0.9}}
  bounds = verdict.Bounds({}, max_class_drop=most)
  judged = verdict.judge(measured(0.5), classes, bounds, measured(0.4), old)
  assert judged.blessed == blessed
  assert blessed or 'AP/cat over baseline 0.200 is below' in judged.reason


@pytest.mark.parametrize('limit', ['min_improvement', 'max_class_drop'])
def test_a_limit_that_no_model_could_pass_is_refused(limit):
  with pytest.raises(ConfigError, match=f'evaluate.{limit}: expected a finite number, received nan'):
    verdict.Bounds({}, **{limit: NAN}).check_names()


def test_a_threshold_on_a_class_that_is_not_there_is_refused():
  with pytest.raises(ConfigError, match=r'thresholds.AP/green: no class "green". Expected one of \[.*red'):
    verdict.Bounds({'AP/green': 0.5}).check_classes({'red': 1})


def test_the_verdict_is_json_even_where_nothing_could_be_measured():
  judged = verdict.judge(measured(0.1, NAN), {}, verdict.Bounds({'AP50': 0.5}))
  assert judged.as_dict()['checks'][0]['value'] is None
