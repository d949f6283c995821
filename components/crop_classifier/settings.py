"""What can be set about naming what a detector finds: the `two_stage:` section of a run config."""

from typing import Literal

from pydantic import v1 as pydantic

from detection.base.settings import Settings


class TwoStageSettings(Settings):
  """A detector that only finds, and a classifier behind it that names.

  detector: one that is there already: a trainer's model folder, a pushed version, or the folder of versions. By default
    the run trains one, on all objects as one class.
  backbone: where the classifier's features come from, as in load_backbone.load; by default the detector's own backbone.
  classifier: logistic regression, or a support vector machine, whose confidences rank classes but are no probabilities.
  max_boxes: so many boxes of an image are named and given out; by default 20, or as many as the fullest training image
    has objects, up to 100.
  """

  detector: str | None = None
  backbone: str | None = None
  classifier: Literal['logistic', 'svm'] = 'logistic'
  max_boxes: pydantic.PositiveInt | None = None
