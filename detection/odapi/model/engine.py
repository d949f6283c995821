"""A detection model with its optimizer: builds, takes one training step, evaluates a batch. One trace for each."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from object_detection import model_lib
from object_detection.builders import model_builder, optimizer_builder
from object_detection.core import standard_fields
from object_detection.protos import pipeline_pb2

from detection.base.errors import ConfigError
from detection.odapi.model import freezing, inputs
from detection.odapi.model.freezing import all_variables  # noqa: F401 also found here

Fields = standard_fields.InputDataFields
TOTAL_LOSS = 'Loss/total_loss'


@dataclasses.dataclass(frozen=True)
class Compute:
  """How a step is computed; none of it changes what is learned, beyond rounding.

  precision: Keras's global policy: float32, mixed_float16 (with loss scaling) or mixed_bfloat16.
  xla: compiles the forward and backward pass.
  accumulate: a batch is computed in so many parts whose gradients are averaged, when memory is short.
  """

  precision: str = 'float32'
  xla: bool = False
  accumulate: int = 1

  def check(self, config: pipeline_pb2.TrainEvalPipelineConfig) -> None:
    """Raises ConfigError for what pipeline.config does not allow."""
    train = config.train_config
    if self.xla and train.unpad_groundtruth_tensors:
      raise ConfigError('train.xla: needs train_config.unpad_groundtruth_tensors: false in pipeline.config.')
    if self.precision == 'mixed_float16' and train.optimizer.use_moving_average:
      raise ConfigError(
        'train.precision: mixed_float16 scales the loss, which train_config.optimizer.use_moving_average in '
        'pipeline.config does not allow. Set it to false, or take mixed_bfloat16.'
      )
    if config.eval_config.use_moving_averages and not train.optimizer.use_moving_average:
      raise ConfigError(
        'pipeline.config: eval_config.use_moving_averages needs train_config.optimizer.use_moving_average: true.'
      )
    if train.batch_size % self.accumulate:
      raise ConfigError(
        f'train.accumulate: {self.accumulate} parts do not divide train_config.batch_size {train.batch_size}.'
      )


class Engine:
  """What pipeline.config describes, ready to be trained.

  Attributes:
    config: the complete TrainEvalPipelineConfig.
    model: the OD API's DetectionModel; all its variables exist.
    optimizer: as train_config.optimizer says; its slot variables exist.
    global_step: int64 variable, the number of steps taken.
    strategy: the tf.distribute.Strategy everything was built under.
    rate_scale: float32 variable that multiplies the learning-rate schedule.
    trainable: the variables that a step changes: all trainable ones but the frozen ones, and the helpers'.
    helpers: what is trained beside the model, by name: kept in checkpoints, never exported.
  """

  def __init__(
    self,
    config: pipeline_pb2.TrainEvalPipelineConfig,
    strategy: tf.distribute.Strategy | None = None,
    compute: Compute | None = None,
    freeze: Sequence[str] = (),
  ) -> None:
    """Args: config; strategy; compute; freeze: names of freezing.PRESETS."""
    self.config = config
    self.compute = compute or Compute()
    self.compute.check(config)
    self.strategy = strategy or tf.distribute.get_strategy()
    tf.keras.mixed_precision.set_global_policy(self.compute.precision)
    with self.strategy.scope():
      self.model = build_model(config)
      self.global_step = tf.Variable(
        0,
        trainable=False,
        dtype=tf.int64,
        name='global_step',
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
      )
      self.optimizer, (rate,) = optimizer_builder.build(config.train_config.optimizer, global_step=self.global_step)
      # Multiplies the schedule; 1 unless training was rolled back.
      self.rate_scale = tf.Variable(1.0, trainable=False, name='rate_scale')
      self._rate = lambda: (rate() if callable(rate) else rate) * self.rate_scale
      inner = getattr(self.optimizer, '_optimizer', self.optimizer)  # inside the moving average's wrapper
      inner.learning_rate = self._rate
      self._averages = self.optimizer if config.eval_config.use_moving_averages else None
      # float16 has so few exponents that small gradients vanish; bfloat16 has as many as float32.
      self._scales_loss = self.compute.precision == 'mixed_float16'
      if self._scales_loss:
        self.optimizer = tf.keras.mixed_precision.LossScaleOptimizer(self.optimizer)
      self.helpers = self._build_helpers()
      self.trainable = [
        *freezing.apply(self.model, config, freeze),
        *(variable for helper in self.helpers.values() for variable in helper.trainable_variables),
      ]
      self._create_slots()
    self._gradients = self._compute_gradients
    if self.compute.xla:
      self._gradients = tf.function(self._compute_gradients, autograph=False, jit_compile=True)
    self._train_step = tf.function(self._distributed_step, autograph=False)
    self._eval_step = tf.function(self._evaluate_batch, autograph=False)

  def learning_rate(self) -> float:
    """The rate that the next step uses."""
    return float(self._rate())

  def batches(self, options: inputs.InputOptions) -> Iterator[Any]:
    """Endless training batches, split over the strategy's replicas."""
    size = self.config.train_config.batch_size // self.compute.accumulate
    if self.strategy.num_replicas_in_sync == 1:
      return iter(self._dataset(options, size, None))
    return iter(self.strategy.distribute_datasets_from_function(lambda context: self._dataset(options, size, context)))

  def train_step(self, batches: Iterator[Any]) -> tuple[dict[str, float], Callable[[], list[str]]]:
    """Takes one step on the next batch.

    Returns:
      The losses by the OD API's names, as they were before the step; and a function that gives the source ids of the
      batch's images on this worker, for when something is wrong with them.
    """
    losses, ids = self._train_step(batches)
    return {name: float(value) for name, value in losses.items()}, lambda: self._names(ids)

  def evaluate_batch(self, features: Mapping, labels: Mapping) -> tuple[dict, dict]:
    """(losses, detections) of one batch in inference mode; detections as model.postprocess gives them, as arrays."""
    losses, detections = self._eval_step(features, labels)
    return {k: float(v) for k, v in losses.items()}, {k: v.numpy() for k, v in detections.items()}

  @contextlib.contextmanager
  def evaluated_weights(self) -> Iterator[None]:
    """Puts those weights into the model that are evaluated and exported, then back those that are trained.

    They differ when eval_config.use_moving_averages is set: then the optimizer's moving averages count, as for the OD
    API's own evaluation.
    """
    trained = [variable.numpy() for variable in self._averaged_variables()]
    self.keep_evaluated_weights()
    try:
      yield
    finally:
      for variable, value in zip(self._averaged_variables(), trained, strict=True):
        variable.assign(value)

  def keep_evaluated_weights(self) -> None:
    """Puts the weights that are exported into the model for good, once training is over."""
    for variable in self._averaged_variables():
      variable.assign(self._averages.get_slot(variable, 'average').read_value())

  def _build_helpers(self) -> dict[str, tf.Module]:
    return {}

  def _dataset(
    self, options: inputs.InputOptions, size: int, context: tf.distribute.InputContext | None
  ) -> tf.data.Dataset:
    return inputs.train_batches(self.config, self.model, options, size, context)

  def _distributed_step(self, batches: Iterator[Any]) -> tuple[dict[str, tf.Tensor], Any]:
    parts = [next(batches) for _ in range(self.compute.accumulate)]
    losses = self.strategy.run(self._replica_step, args=(parts,))
    losses = {name: self.strategy.reduce('SUM', value, axis=None) for name, value in losses.items()}
    return losses, [features[Fields.source_id] for features, _ in parts]

  def _names(self, ids: Sequence[Any]) -> list[str]:
    local = [replica for part in ids for replica in self.strategy.experimental_local_results(part)]
    return [name.decode() for replica in local for name in np.atleast_1d(replica.numpy())]

  def _replica_step(self, parts: Sequence[tuple[Mapping, Mapping]]) -> dict[str, tf.Tensor]:
    """One optimizer step on the mean gradient of the parts."""
    computed = [self._gradients(*self._computable(features, labels)) for features, labels in parts]
    losses = {name: tf.add_n([part[name] for part, _ in computed]) / len(parts) for name in computed[0][0]}
    gradients = [_mean(several) for several in zip(*(part for _, part in computed), strict=True)]
    limit = self.config.train_config.gradient_clipping_by_norm
    if limit > 0:
      gradients, _ = tf.clip_by_global_norm(gradients, limit)
    self.optimizer.apply_gradients(zip(gradients, self.trainable, strict=True))
    self.global_step.assign_add(1)
    return losses

  def _computable(self, features: Mapping, labels: Mapping) -> tuple[Mapping, Mapping]:
    if self.compute.xla:
      # XLA knows no strings, such as the images' ids, and wants every shape to be known.
      return {name: value for name, value in features.items() if value.dtype != tf.string}, labels
    return features, inputs.without_padding(labels)

  def _compute_gradients(self, features: Mapping, labels: Mapping) -> tuple[dict, list]:
    replicas = self.strategy.num_replicas_in_sync
    with mode(self.model, training=True), tf.GradientTape() as tape:
      losses, target = self._objective(features, labels)
      losses = {name: value / replicas for name, value in losses.items()}
      target = target / replicas
      if self._scales_loss:
        target = self.optimizer.get_scaled_loss(target)
    gradients = tape.gradient(target, self.trainable)
    if self._scales_loss:
      gradients = self.optimizer.get_unscaled_gradients(gradients)
    return losses, gradients

  def _objective(self, features: Mapping, labels: Mapping) -> tuple[dict, tf.Tensor]:
    """(losses by name, what a step makes smaller) of a training batch."""
    # The step's value: the model keeps what it is given, and would carry the variable itself into every checkpoint.
    step = self.global_step.read_value()
    losses, _ = self._losses(features, labels, step, self.config.train_config.unpad_groundtruth_tensors)
    return losses, losses[TOTAL_LOSS]

  def _evaluate_batch(self, features: Mapping, labels: Mapping) -> tuple[dict, dict]:
    with mode(self.model, training=False):
      losses, predictions = self._losses(features, labels, None, unpad=True)
      return losses, self.model.postprocess(predictions, features[Fields.true_image_shape])

  def _losses(self, features: Mapping, labels: Mapping, step: tf.Tensor | None, unpad: bool) -> tuple[dict, dict]:
    """As the OD API's own loop computes them: the model's losses, regularisation, and their sum."""
    model = self.model
    model_lib.provide_groundtruth(
      model, model_lib.unstack_batch(labels, unpad_groundtruth_tensors=unpad), training_step=step
    )
    shapes = features[Fields.true_image_shape]
    predictions = _as_float32(model.predict(features[Fields.image], shapes, **model.get_side_inputs(features)))
    losses = dict(model.loss(predictions, shapes))
    regularization = model.regularization_losses() if self.config.train_config.add_regularization_loss else None
    if regularization:
      losses['Loss/regularization_loss'] = tf.add_n(regularization)
    losses[TOTAL_LOSS] = tf.add_n(list(losses.values()))
    return losses, predictions

  def _averaged_variables(self) -> list[tf.Variable]:
    if self._averages is None:
      return []
    helpers = {id(variable) for helper in self.helpers.values() for variable in helper.trainable_variables}
    return [variable for variable in self.trainable if id(variable) not in helpers]

  def _create_slots(self) -> None:
    # Made now, so that the step below is traced once: a trace that creates variables is thrown away and done again.
    if self.config.train_config.optimizer.use_moving_average:
      self.optimizer.shadow_copy(self.model)
    getattr(self.optimizer, '_create_all_weights')(self.trainable)  # noqa: B009


def build_model(config: pipeline_pb2.TrainEvalPipelineConfig) -> Any:
  """The OD API's DetectionModel with every variable created, by one pass over an empty image in inference mode."""
  model = model_builder.build(config.model, is_training=True)
  height, width = inputs.static_size(config) or (256, 256)

  # Eagerly: tracing a graph that makes variables costs ten times as much, since it is traced twice and lifted.
  with mode(model, training=False):
    images, shapes = model.preprocess(tf.zeros([1, height, width, 3]))
    model.provide_groundtruth(
      groundtruth_boxes_list=[tf.zeros([1, 4])],
      groundtruth_classes_list=[tf.one_hot([0], depth=max(1, model.num_classes))],
    )
    model.predict(images, shapes)
  return model


@contextlib.contextmanager
def mode(model: Any, training: bool) -> Iterator[None]:
  """Puts the model and Keras's learning phase into training or inference while a graph is traced, then back."""
  was_training, was_phase = model._is_training, tf.keras.backend.learning_phase()
  model._is_training = training
  tf.keras.backend.set_learning_phase(int(training))
  try:
    yield
  finally:
    model._is_training = was_training
    if isinstance(was_phase, int | np.integer):
      tf.keras.backend.set_learning_phase(int(was_phase))


def _mean(gradients: Sequence[tf.Tensor | None]) -> tf.Tensor | None:
  # None where a variable has no part in the loss, such as a frozen layer's neighbour.
  there = [gradient for gradient in gradients if gradient is not None]
  if len(there) < 2:
    return there[0] if there else None
  return tf.add_n([tf.convert_to_tensor(gradient) for gradient in there]) / len(gradients)


def _as_float32(predictions: Any) -> Any:
  """Losses and box decoding are computed in full precision."""

  def cast(value: Any) -> Any:
    is_half = isinstance(value, tf.Tensor) and value.dtype in (tf.float16, tf.bfloat16)
    return tf.cast(value, tf.float32) if is_half else value

  return tf.nest.map_structure(cast, predictions)
