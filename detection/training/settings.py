"""The `train:` section of a run config, without what becomes part of pipeline.config, such as steps and batch size."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from pydantic import v1 as pydantic

from detection.base.errors import ConfigError
from detection.base.settings import Settings, parse_settings
from detection.metrics import names


class MetricName(str):
  """A metric of metrics.names, overall (AP) or of one class (AP50/cat). For all of them higher is better."""

  @classmethod
  def __get_validators__(cls) -> Iterator[Callable[[Any], str]]:
    yield cls._checked

  @classmethod
  def _checked(cls, value: Any) -> str:
    problem = names.problem(value) if isinstance(value, str) else 'expected the name of a metric'
    if problem:
      raise ValueError(problem)
    return value


class EarlyStopping(Settings):
  """Ends training when the watched metric has not risen by `min_delta` for `patience` evaluations in a row."""

  patience: pydantic.PositiveInt = 5
  min_delta: pydantic.NonNegativeFloat = 0.001


class Rollback(Settings):
  """Goes back to the last good checkpoint when the loss blows up, with a lower learning rate.

  times: how often it goes back before training ends with an error.
  factor: the learning rate is multiplied by it each time.
  blow_up: a loss this many times its running mean has blown up; so has a loss that is not finite.
  """

  times: pydantic.PositiveInt = 2
  factor: pydantic.PositiveFloat = 0.5
  blow_up: pydantic.PositiveFloat = 10.0


class BalanceSettings(Settings):
  """What is done for rare classes; see detection/training/class_balance.py.

  repeat_threshold: images that have a class which fewer than this part of all images have are shown more often: repeat
    factor sampling (Gupta et al. 2019, arXiv:1908.03195). 0: all images alike.
  object_weights: an object weighs in the loss as the power -object_weights of its class's number of objects. 0: all
    objects alike.
  """

  repeat_threshold: float = pydantic.Field(0.1, ge=0, le=1)
  object_weights: float = pydantic.Field(0.0, ge=0, le=1)

  @pydantic.root_validator(skip_on_failure=True)
  def _does_something(cls, values: dict[str, Any]) -> dict[str, Any]:
    if not values['repeat_threshold'] and not values['object_weights']:
      raise ValueError('repeat_threshold and object_weights are both 0, expected one of them above 0, or no balance')
    return values


class AdaptSettings(Settings):
  """How to adapt to unlabelled images of a target domain; see detection/training/adaptation.py.

  weight: of the domain classifier's reversed gradient at the end of the ramp; 0: only batch norm adapts.
  ramp_steps: steps over which the weight rises; all steps when not given.
  batch_norm: the domain whose statistics the exported model normalises by.
  """

  weight: pydantic.NonNegativeFloat = 0.1
  ramp_steps: pydantic.PositiveInt | None = None
  batch_norm: Literal['target', 'source'] = 'target'


def adapt_parameter(adapt: Mapping[str, Any] | None, has_target: bool, component: str) -> str | None:
  """AdaptSettings as JSON, the execution property of a component; None when there are no target examples.

  Args:
    adapt: some keys of AdaptSettings, as the user wrote them.
    has_target: whether there are target examples.
    component: its name, for the message.

  Raises:
    ConfigError: if `adapt` is given without target examples, or a key is wrong.
  """
  if not has_target:
    if adapt:
      raise ConfigError(f'{component}: adapt: expected target_examples to adapt to, received none.')
    return None
  return json.dumps(parse_settings(AdaptSettings, dict(adapt or {}), 'adapt').dict(), sort_keys=True)


class TrainSettings(Settings):
  """How to train.

  seed: of the initial weights, the order of the images and the augmentations.
  eval_every: steps between evaluations on the eval split; 0: only at the end.
  eval_every_minutes: also evaluate when this much time has passed since the last evaluation.
  eval_images: how many images of the eval split are evaluated, from the first on; all when not given.
  checkpoint_every: steps between checkpoints; a killed training loses no more than these.
  checkpoint_every_minutes: also save when this much time has passed.
  keep_checkpoint_max: how many of the latest checkpoints are kept; the best weights are kept apart from them.
  watch: the metric that decides which weights are the best, overall (AP) or of one class (AP50/cat).
  early_stopping: ends training when it no longer gets better; never when not given.
  rollback: what happens when the loss blows up; when not given, training ends with an error.
  export: which weights are exported: those of the best evaluation, or of the last step.
  cache: decoded images in memory or on disk; auto: in memory when they fit into a quarter of the free memory.
  min_restored: fine-tuning fails when less than this fraction of the backbone's variables was restored.
  freeze: parts of the model that are not trained, beside those that match the patterns in pipeline.config: `backbone`,
    the classification network; `all_but_box_predictor`; `batch_norm`, its scales and its moving averages.
  balance: shows images of rare classes more often, or has their objects weigh more; when not given, all are alike.
  tensorboard_images: how many eval images TensorBoard shows, with ground truth and detections.
  precision, xla, accumulate: mixed precision, compilation, and parts that a batch is computed in; see Compute.
  """

  seed: pydantic.NonNegativeInt = 0
  eval_every: pydantic.NonNegativeInt = 500
  eval_every_minutes: pydantic.PositiveFloat | None = None
  eval_images: pydantic.PositiveInt | None = None
  checkpoint_every: pydantic.PositiveInt = 500
  checkpoint_every_minutes: pydantic.PositiveFloat = 15.0
  keep_checkpoint_max: pydantic.PositiveInt = 3
  watch: MetricName = MetricName('AP')
  export: Literal['best', 'last'] = 'best'
  early_stopping: EarlyStopping | None = None
  rollback: Rollback | None = None
  cache: Literal['auto', 'memory', 'disk', 'none'] = 'auto'
  min_restored: float = pydantic.Field(0.5, ge=0, le=1)
  freeze: tuple[Literal['backbone', 'all_but_box_predictor', 'batch_norm'], ...] = ()
  balance: BalanceSettings | None = None
  tensorboard_images: pydantic.NonNegativeInt = 4
  precision: Literal['float32', 'mixed_float16', 'mixed_bfloat16'] = 'float32'
  xla: bool = False
  accumulate: pydantic.PositiveInt = 1
