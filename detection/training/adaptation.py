"""Unsupervised domain adaptation: a detector learns from labelled source images and unlabelled target images.

A small classifier on each feature map tells the two domains apart; a gradient reversal layer before it makes the
feature extractor learn to look the same in both (Ganin & Lempitsky 2015, arxiv.org/abs/1409.7495; at image level, for
every place of a feature map, as Chen et al. 2018, arxiv.org/abs/1803.03243, do for detectors).

Batch norm: each domain passes through the feature extractor by itself. With `target`, each is normalised by its own
batch's statistics and the moving averages, which the exported model uses, follow the target: the model is made for the
target domain (as in AdaBN, Li et al. 2016, arxiv.org/abs/1603.04779). With `source`, the moving averages follow the
source, and target images are normalised by them, as the exported model will do: all aligning is left to the reversed
gradient, and the model still serves the source. The prediction heads see only the source.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow as tf

from detection.base import files
from detection.odapi import families
from detection.odapi.config.config_io import Config
from detection.odapi.model import building, config_facts, inputs
from detection.odapi.model.fields import InputDataFields
from detection.odapi.model.losses import DetectionLosses
from detection.odapi.model.method import DetectionObjective, Method

DOMAIN_LOSS = 'Domain/loss'
DOMAIN_ACCURACY = 'Domain/accuracy'
DOMAIN_WEIGHT = 'Domain/weight'
# Target images for each source image. As many would double the time of a step; half takes less than 1.6 times.
TARGET_FRACTION = 0.5
_TARGET_IMAGE = 'target_image'
_DEPTH = 64


@dataclasses.dataclass(frozen=True)
class Adaptation:
  """What to adapt to, and how strongly.

  files: TFRecord files of target images; what is labelled in them is not looked at.
  weight: of the reversed gradient, once the ramp is over.
  ramp_steps: after so many steps nearly all of the weight is reached (Ganin & Lempitsky's schedule).
  batch_norm: whose statistics the moving averages follow: 'target' or 'source'.
  """

  files: Sequence[str]
  weight: float
  ramp_steps: int
  batch_norm: str = 'target'


def method(config: Config, adaptation: Adaptation) -> Method:
  """The training method that adapts; see AdaptingObjective and TwoDomains.

  Raises:
    ConfigError: if the model is of a family whose features this does not reach.
  """
  families.check_adapts(config)
  return Method(functools.partial(AdaptingObjective, adaptation), TwoDomains(adaptation))


class AdaptingObjective:
  """The detector's loss, and one by which the features of target images come to look like those of source images.

  Beside the detector's losses it gives DOMAIN_LOSS (mean over both domains; 0.69 when the classifier can only guess),
  DOMAIN_ACCURACY (then 0.5) and DOMAIN_WEIGHT (of the reversed gradient). 'Loss/total_loss' stays the detector's.

  Attributes:
    helpers: {'domain_classifier': DomainClassifier}.
  """

  def __init__(self, adaptation: Adaptation, losses: DetectionLosses, step: tf.Variable) -> None:
    """Creates the classifier's variables. Args: adaptation; losses: of the model; step: the number of steps taken."""
    self._adaptation = adaptation
    self._detection = DetectionObjective(losses, step)
    self._step = step
    self._model = losses.model
    self._features = _Recorder(self._model._feature_extractor)
    self._moving_averages = _MovingAverages(self._model._feature_extractor)
    with building.mode(self._model, training=False):
      height, width = config_facts.static_size(losses.config) or (256, 256)
      maps = self._features.of(tf.zeros([1, height, width, 3]))
    self._classifier = DomainClassifier([feature_map.shape[-1] for feature_map in maps])
    self.helpers: Mapping[str, tf.Module] = {'domain_classifier': self._classifier}

  def __call__(self, features: Mapping, labels: Mapping) -> tuple[dict, tf.Tensor]:
    """Args: features, labels: a batch of TwoDomains. Returns (losses by name, what a step makes smaller)."""
    for_target = self._adaptation.batch_norm == 'target'
    with self._moving_averages.held() if for_target else contextlib.nullcontext():
      losses, total = self._detection(features, labels)
    source = self._features.last()
    with building.mode(self._model, training=for_target):
      target = self._features.of(features[_TARGET_IMAGE])
    strength = self._adaptation.weight * ramp(self._step.read_value(), self._adaptation.ramp_steps)
    loss, accuracy = self._classifier(
      *([reverse_gradient(feature_map, strength) for feature_map in maps] for maps in (source, target))
    )
    return {**losses, DOMAIN_LOSS: loss, DOMAIN_ACCURACY: accuracy, DOMAIN_WEIGHT: strength}, total + loss


@dataclasses.dataclass(frozen=True)
class TwoDomains:
  """Batches of labelled source images, each with a smaller batch of target images among its features."""

  adaptation: Adaptation

  def __call__(
    self,
    config: Config,
    model: Any,
    options: inputs.InputOptions,
    batch_size: int,
    context: tf.distribute.InputContext | None = None,
  ) -> tf.data.Dataset:
    """As inputs.train_batches; `batch_size` is the number of source images."""
    source = inputs.train_batches(config, model, options, batch_size, context)
    replicas = context.num_replicas_in_sync if context else 1
    target_size = _target_size(batch_size, replicas)
    target = inputs.train_batches(self._target_config(config), model, _beside(options), target_size, context)

    def together(batch: tuple[Mapping, Mapping], other: tuple[Mapping, Mapping]) -> tuple[Mapping, Mapping]:
      (features, labels), (others, _) = batch, other
      return {**features, _TARGET_IMAGE: others[InputDataFields.image]}, labels

    return tf.data.Dataset.zip((source, target)).map(together)

  def _target_config(self, config: Config) -> Config:
    target = Config()
    target.CopyFrom(config)
    target.train_input_reader.tf_record_input_reader.input_path[:] = self.adaptation.files
    return target


def _beside(options: inputs.InputOptions) -> inputs.InputOptions:
  """The same options with a cache folder of the target's own, and no balance: its labels are not read."""
  directory = os.path.join(options.cache_directory, 'target')
  if options.cache == 'disk':
    files.makedirs(directory)
  return dataclasses.replace(options, cache_directory=directory, balance=None)


def ramp(step: tf.Tensor, steps: int) -> tf.Tensor:
  """2 / (1 + exp(-10 p)) - 1 with p = step / steps up to 1: from 0 to nearly 1 (Ganin & Lempitsky 2015, section 5)."""
  progress = tf.minimum(tf.cast(step, tf.float32) / max(1, steps), 1.0)
  return 2 / (1 + tf.exp(-10 * progress)) - 1


def reverse_gradient(features: tf.Tensor, strength: tf.Tensor) -> tf.Tensor:
  """The features as they are; their gradient times -strength."""

  @tf.custom_gradient
  def reverse(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    return tf.identity(x), lambda upstream: -tf.cast(strength, upstream.dtype) * upstream

  return reverse(features)


class DomainClassifier(tf.Module):
  """Tells source from target at every place of every feature map: two 1x1 convolutions a map."""

  def __init__(self, channels: Sequence[int]) -> None:
    """Args: channels: of each feature map."""
    super().__init__()
    self._heads = [_head(depth) for depth in channels]

  def __call__(self, source: Sequence[tf.Tensor], target: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Args: feature maps [N, height, width, depth] of either domain. Returns (cross-entropy, accuracy), scalars in
    which domains, maps, and the places of a map weigh the same."""
    losses, right = [], []
    for maps, is_target in ((source, 0.0), (target, 1.0)):
      for head, feature_map in zip(self._heads, maps, strict=True):
        logits = tf.cast(head(feature_map), tf.float32)
        truth = tf.fill(tf.shape(logits), is_target)
        losses.append(tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(truth, logits)))
        right.append(tf.reduce_mean(tf.cast((logits > 0) == (truth > 0), tf.float32)))
    return tf.add_n(losses) / len(losses), tf.add_n(right) / len(right)


def _head(channels: int) -> tf.keras.Sequential:
  layers = [tf.keras.layers.Conv2D(_DEPTH, 1, activation='relu'), tf.keras.layers.Conv2D(1, 1)]
  head = tf.keras.Sequential(layers)
  head.build([None, None, None, channels])
  return head


class _Recorder:
  """Remembers the feature maps that an extractor last returned: not every family's `predict` returns them."""

  def __init__(self, extractor: tf.keras.Model) -> None:
    self._extractor = extractor
    self._seen = threading.local()  # MirroredStrategy traces each replica in a thread of its own
    call = extractor.call

    def recording(*args: Any, **kwargs: Any) -> Any:
      self._seen.maps = call(*args, **kwargs)
      return self._seen.maps

    extractor.call = recording

  def of(self, images: tf.Tensor) -> list[tf.Tensor]:
    """Feature maps of preprocessed images."""
    self._extractor(images)
    return self.last()

  def last(self) -> list[tf.Tensor]:
    return tf.nest.flatten(self._seen.maps)


class _MovingAverages:
  """The batch norm layers of an extractor, whose moving averages can be held still while a pass is traced."""

  def __init__(self, extractor: tf.keras.Model) -> None:
    parts = tf.train.TrackableView(extractor).descendants()
    self._momentum = [(part, part.momentum) for part in parts if hasattr(part, 'moving_mean')]

  @contextlib.contextmanager
  def held(self) -> Iterator[None]:
    """Within the block, batches are normalised by their own statistics and do not change the moving averages."""
    for layer, _ in self._momentum:
      layer.momentum = 1.0
    try:
      yield
    finally:
      for layer, momentum in self._momentum:
        layer.momentum = momentum


def _target_size(batch_size: int, replicas: int) -> int:
  """The number of target images beside a batch of source images: a multiple of the replicas."""
  return max(1, round(batch_size * TARGET_FRACTION / replicas)) * replicas
