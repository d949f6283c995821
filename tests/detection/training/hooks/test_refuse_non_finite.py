import math

import pytest

from detection.training.hooks.hook import TrainingError
from detection.training.hooks.refuse_non_finite import RefuseNonFinite
from tests.support.train_steps import NAN, at, image_ids


@pytest.mark.parametrize('loss', [NAN, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_stops_training_and_names_step_and_images(loss):
  with pytest.raises(TrainingError, match=r'step 7: Loss/total_loss.*a\.jpg, b\.jpg'):
    RefuseNonFinite().after_step(at(7, loss), image_ids)


def test_a_finite_loss_passes():
  assert RefuseNonFinite().after_step(at(7, 1e9), image_ids) is None
