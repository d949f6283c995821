"""A two-stage model is pushed and evaluated as any other."""

import pytest

from components.evaluator import inference, shards
from components.pusher import publish
from detection.crops import two_stage
from detection.inference.detector import Detector
from detection.metrics import coco
from tests.support.colour_crops import fit_head, mean_colour, rectangles, write_model

LABELS = {'red': 1, 'blue': 2}


@pytest.fixture(scope='module')
def named(colour_model, draw, tmp_path_factory):
  """The folder of a model that names red and blue things by their colour."""
  backbone = mean_colour()
  head = fit_head(rectangles(draw, {'red': 'red', 'blue': 'blue'}), backbone)
  module = two_stage.TwoStage(two_stage.load(str(colour_model)), backbone, head, LABELS, max_boxes=5)
  return write_model(tmp_path_factory.mktemp('named'), module, LABELS)


def test_it_is_pushed_as_any_other_model(named, draw, tmp_path):
  publish.publish(str(named), str(tmp_path / 'serving'))
  (found,) = Detector(tmp_path / 'serving').detect([draw([('red', (16, 8, 40, 32)), ('blue', (8, 56, 48, 88))])])
  assert sorted(found.names) == ['blue', 'red']


def test_it_is_evaluated_as_any_other_model(named, scenes, tmp_path):
  examples = [str(path) for path in sorted((scenes / 'Split-eval').iterdir())]
  step = inference.DetectAndMatch(str(named), LABELS, str(tmp_path / 'parts'))
  for shard in shards.shards_of(examples):
    list(step.process(shard))
  found = coco.accumulate(inference.read_results(str(tmp_path / 'parts')), list(LABELS.values()))
  assert found.metrics()['AP50'] == pytest.approx(1.0)
