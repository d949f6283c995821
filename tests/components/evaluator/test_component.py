"""MapEvaluator's wiring: mistakes show when the pipeline is built."""

import pytest
from tfx.types import channel, standard_artifacts

from components.artifacts import LabelMap
from components.evaluator import component
from detection.base.errors import ConfigError
from detection.tiles.grid import Grid


def channels():
  return {
    'model': channel.Channel(type=standard_artifacts.Model),
    'examples': channel.Channel(type=standard_artifacts.Examples),
    'label_map': channel.Channel(type=LabelMap),
  }


@pytest.mark.parametrize(
  ('thresholds', 'message'),
  [
    pytest.param({'mAP': 0.5}, 'no metric "mAP"', id='an unknown metric'),
    pytest.param({'AP50': 50}, 'AP50: expected a number from 0 to 1, received 50', id='percent instead of a fraction'),
    pytest.param({'AP50': '0.5'}, "received '0.5'", id='text'),
  ],
)
def test_a_threshold_that_makes_no_sense_is_refused_when_the_pipeline_is_built(thresholds, message):
  with pytest.raises(ConfigError, match=message):
    component.MapEvaluator(**channels(), thresholds=thresholds)


def test_wiring_takes_what_the_pipeline_gives():
  evaluator = component.MapEvaluator(**channels(), thresholds={'AP50/a class': 0.5, 'AP': 0.1}, max_class_drop=0.1)
  assert evaluator.exec_properties['thresholds'] == '{"AP": 0.1, "AP50/a class": 0.5}'
  assert len(evaluator.exec_properties['code_version']) == 16
  assert evaluator.exec_properties.get('tiles') is None


def test_tiles_are_given_to_the_executor_as_text():
  evaluator = component.MapEvaluator(**channels(), tiles=Grid(320, 0.5))
  assert evaluator.exec_properties['tiles'] == '{"size": 320, "overlap": 0.5}'
