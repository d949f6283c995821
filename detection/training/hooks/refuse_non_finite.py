"""Ends training at a loss that is not finite."""

from __future__ import annotations

import math

from detection.training.hooks.hook import Hook, ImageIds, Phase, TrainingError
from detection.training.state import TrainState


class RefuseNonFinite(Hook):
  """Raises TrainingError at the first loss that is not finite, before anything of that step is saved."""

  phase = Phase.GUARD

  def after_step(self, state: TrainState, image_ids: ImageIds) -> None:
    bad = [name for name, value in state.losses.items() if not math.isfinite(value)]
    if bad:
      raise TrainingError(
        f'step {state.step}: {bad[0]} is {state.losses[bad[0]]}. Images of the batch: {", ".join(image_ids())}. '
        f'Lower the learning rate, clip gradients, or look at these images; set train.rollback to try again by itself.'
      )
