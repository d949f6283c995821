"""The baseline: the model blessed last, never the candidate itself."""

import pytest
from tfx.components.evaluator import constants
from tfx.types import standard_artifacts

from pipeline.baseline import LatestBlessedOther


def model(number):
  artifact = standard_artifacts.Model()
  artifact.id = number
  return artifact


def blessing(number, of_model, blessed=1):
  artifact = standard_artifacts.ModelBlessing()
  artifact.id = number
  artifact.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, blessed)
  artifact.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, of_model)
  return artifact


@pytest.mark.parametrize(
  ('blessings', 'candidate', 'expected'),
  [
    pytest.param([], 3, None, id='nothing was ever blessed'),
    pytest.param([blessing(11, 1), blessing(12, 2)], 3, 2, id='the last one'),
    pytest.param([blessing(12, 2), blessing(11, 1)], 3, 2, id='the last one, in whatever order the store gives them'),
    pytest.param([blessing(11, 1), blessing(12, 2, blessed=0)], 3, 1, id='not one that was refused'),
    pytest.param([blessing(11, 1), blessing(12, 2)], 2, 1, id='not the candidate'),
    pytest.param([blessing(11, 1), blessing(12, 9)], 3, 1, id='not one whose model is gone'),
    pytest.param([blessing(12, 2)], 2, None, id='none but the candidate'),
  ],
)
def test_which_model_is_the_baseline(blessings, candidate, expected):
  inputs = {'model': [model(1), model(2)], 'model_blessing': blessings, 'candidate': [model(candidate)]}
  resolved = LatestBlessedOther().resolve_artifacts(None, inputs)
  assert [artifact.id for artifact in resolved['model']] == ([] if expected is None else [expected])
  assert len(resolved['model_blessing']) == len(resolved['model'])
  assert [artifact.id for artifact in resolved['candidate']] == [candidate]
