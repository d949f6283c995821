"""A detection model with its optimizer: builds, takes one training step, evaluates a batch. One trace for each."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from detection.odapi.config.config_io import Config
from detection.odapi.model import building, freezing, gradients, inputs, suppression
from detection.odapi.model.compute import Compute
from detection.odapi.model.fields import InputDataFields
from detection.odapi.model.losses import DetectionLosses
from detection.odapi.model.method import SUPERVISED, Method
from detection.odapi.model.optimization import MovingAverages, Optimization


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
    config: Config,
    strategy: tf.distribute.Strategy | None = None,
    compute: Compute | None = None,
    freeze: Sequence[str] = (),
    method: Method = SUPERVISED,
  ) -> None:
    """Builds the model with fresh weights.

    Args:
      config: complete.
      strategy: of distribution; None for one device.
      compute: how a step is computed; None for the defaults.
      freeze: names of freezing.PRESETS.
      method: what is learned, and from which batches.

    Raises:
      ConfigError: if the config does not allow `compute`, or nothing is left to train.
    """
    self.config = config
    self._compute = compute or Compute()
    self._compute.check(config)
    self._method = method
    self.strategy = strategy or tf.distribute.get_strategy()
    tf.keras.mixed_precision.set_global_policy(self._compute.precision)
    with self.strategy.scope():
      self._build(freeze)
    self._train_step = tf.function(self._distributed_step, autograph=False)
    self._eval_step = tf.function(self._evaluate_batch, autograph=False)

  def _build(self, freeze: Sequence[str]) -> None:
    """Creates all variables, in the order that the random seed counts on."""
    self.model = building.build_model(self.config)
    self.global_step = tf.Variable(
      0, trainable=False, dtype=tf.int64, name='global_step', aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
    )
    self._optimization = Optimization(self.config, self.global_step, self._compute.precision)
    self.optimizer, self.rate_scale = self._optimization.optimizer, self._optimization.rate_scale
    self._losses = DetectionLosses(self.config, self.model)
    objective = self._method.objective(self._losses, self.global_step)
    self.helpers = objective.helpers
    weights = freezing.apply(self.model, self.config, freeze)
    self.trainable = weights + [v for helper in self.helpers.values() for v in helper.trainable_variables]
    self._averages = MovingAverages(self.config, self.optimizer, weights)
    self._optimization.create_slots(self.model, self.trainable)
    replicas = self.strategy.num_replicas_in_sync
    differentiated = gradients.Gradients(objective, self.model, self.trainable, self.optimizer, replicas)
    self._gradients = differentiated.compiled() if self._compute.xla else differentiated.of

  def learning_rate(self) -> float:
    """The rate that the next step uses."""
    return self._optimization.learning_rate()

  def batches(self, options: inputs.InputOptions) -> Iterator[Any]:
    """Endless training batches, split over the strategy's replicas."""
    size = self.config.train_config.batch_size // self._compute.accumulate

    def dataset(context: tf.distribute.InputContext | None) -> tf.data.Dataset:
      return self._method.batches(self.config, self.model, options, size, context)

    if self.strategy.num_replicas_in_sync == 1:
      return iter(dataset(None))
    return iter(self.strategy.distribute_datasets_from_function(dataset))

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

  def evaluated_weights(self) -> contextlib.AbstractContextManager[None]:
    """Within the block the model has the weights that are evaluated and exported; see MovingAverages."""
    return self._averages.in_place()

  def keep_evaluated_weights(self) -> None:
    """Puts the weights that are exported into the model for good, once training is over."""
    self._averages.keep()

  def _distributed_step(self, batches: Iterator[Any]) -> tuple[dict[str, tf.Tensor], Any]:
    parts = [next(batches) for _ in range(self._compute.accumulate)]
    losses = self.strategy.run(self._replica_step, args=(parts,))
    losses = {name: self.strategy.reduce('SUM', value, axis=None) for name, value in losses.items()}
    return losses, [features[InputDataFields.source_id] for features, _ in parts]

  def _names(self, ids: Sequence[Any]) -> list[str]:
    local = [replica for part in ids for replica in self.strategy.experimental_local_results(part)]
    return [name.decode() for replica in local for name in np.atleast_1d(replica.numpy())]

  def _replica_step(self, parts: Sequence[tuple[Mapping, Mapping]]) -> dict[str, tf.Tensor]:
    """One optimizer step on the mean gradient of the parts."""
    losses, mean = gradients.mean([self._gradients(features, labels) for features, labels in parts])
    self._optimization.apply(mean, self.trainable)
    self.global_step.assign_add(1)
    return losses

  def _evaluate_batch(self, features: Mapping, labels: Mapping) -> tuple[dict, dict]:
    with building.mode(self.model, training=False), suppression.in_batches(self.model):
      losses, predictions = self._losses.compute(features, labels, step=None, unpad=True)
      return losses, self.model.postprocess(predictions, features[InputDataFields.true_image_shape])
