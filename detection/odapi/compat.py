"""Mends what breaks in the OD API (2.8.0) on TensorFlow 2.15: one function a break, applied once, on import.

`detection.odapi.model` imports this before any of its modules; nothing else has to. No file in site-packages is edited:
each function puts back a name or a default that newer libraries took away.
"""

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import ImageFont
from tensorflow.python.ops import control_flow_ops


def _tf_slim_control_flow() -> None:
  # tf_slim's decoder calls control_flow_ops.case; TF moved these names from 2.13 on.
  for name in ('case', 'cond', 'while_loop'):
    if not hasattr(control_flow_ops, name):
      setattr(control_flow_ops, name, getattr(tf.compat.v1, name))


def _numpy_aliases() -> None:
  # The Pascal VOC and Open Images evaluators use aliases that numpy 1.24 removed.
  for name, builtin in (('float', float), ('bool', bool), ('int', int), ('object', object)):
    if name not in np.__dict__:
      setattr(np, name, builtin)


def _pillow_getsize() -> None:
  # visualization_utils measures its captions with FreeTypeFont.getsize, gone from Pillow 10.
  if hasattr(ImageFont.FreeTypeFont, 'getsize'):
    return

  def getsize(self: ImageFont.FreeTypeFont, text: str) -> tuple[float, float]:
    left, top, right, bottom = self.getbbox(text)
    return right - left, bottom - top

  ImageFont.FreeTypeFont.getsize = getsize  # type: ignore[attr-defined] # Pillow 10 has no such attribute


def _keras_resnet() -> None:
  # CenterNet's ResNet-v1-18/34 subclass what Keras 2.15 no longer shows under keras.applications.resnet.
  import keras.applications.resnet as shown
  import keras.src.applications.resnet as source

  for module in (shown, tf.keras.applications.resnet, tf.compat.v1.keras.applications.resnet):
    if not hasattr(module, 'ResNet'):
      module.ResNet = source.ResNet


def _center_net_mobilenet() -> None:
  # CenterNet's MobileNet-v2 fetches ImageNet weights from the web while it is built. Weights come from checkpoints.
  from object_detection.models.keras_models import mobilenet_v2 as source

  build = source.mobilenet_v2
  source.mobilenet_v2 = lambda *args, **kwargs: build(*args, **{**kwargs, 'weights': None})


def _rmsprop_decay() -> None:
  # The OD API hands RMSProp's decay, of the mean of squares, to Keras as a decay of the learning rate, which is then
  # a tenth of what the schedule says after ten steps.
  from object_detection.builders import optimizer_builder

  build = optimizer_builder.build_optimizers_tf_v2

  def build_mended(config: Any, global_step: Any = None) -> Any:
    optimizer, rates = build(config, global_step)
    if config.HasField('rms_prop_optimizer'):
      inner = getattr(optimizer, '_optimizer', optimizer)  # inside the moving average's wrapper
      inner._initial_decay, inner.decay, inner.rho = 0.0, 0.0, config.rms_prop_optimizer.decay
    return optimizer, rates

  optimizer_builder.build_optimizers_tf_v2 = build_mended


def _preprocessor_selector() -> None:
  # Raw switch and merge operations around TF2's conditionals: most images came out of ssd_random_crop_pad empty, of
  # shape (0,).
  from object_detection.core import preprocessor

  def apply(
    x: tuple, func: Callable, num_cases: int, preprocess_vars_cache: object | None = None, key: str = ''
  ) -> tuple:
    case = preprocessor._get_or_create_preprocess_rand_vars(
      lambda: tf.random.uniform([], maxval=num_cases, dtype=tf.int32),
      preprocessor.preprocessor_cache.PreprocessorCache.SELECTOR_TUPLES,
      preprocess_vars_cache,
      key,
    )
    branches = [
      functools.partial(lambda number: tuple(func(x, number)[: len(x)]), number) for number in range(num_cases)
    ]
    return tf.switch_case(case, branches)

  preprocessor._apply_with_random_selector_tuples = apply


def _autoaugment() -> None:
  # autoaugment_image turns, moves and shears with tf.contrib, which TF 2 lacks; the model garden's own do the same.
  from object_detection.utils import autoaugment_utils

  def transform(image: tf.Tensor, transforms: Any) -> tf.Tensor:
    from official.vision.ops import augment

    # What comes in from outside is filled with zeros: the mask that autoaugment wraps around an image counts on it.
    return augment.transform(image, transforms, fill_mode='constant')

  def rotate(image: tf.Tensor, radians: tf.Tensor) -> tf.Tensor:
    from official.vision.ops import augment

    height, width = (tf.cast(side, tf.float32) for side in tf.unstack(tf.shape(image)[:2]))
    return transform(image, augment._convert_angles_to_transform(radians, width, height))

  def translate(image: tf.Tensor, shift: Any) -> tf.Tensor:
    from official.vision.ops import augment

    return transform(image, augment._convert_translation_to_transform(shift))

  autoaugment_utils.contrib_image = types.SimpleNamespace(transform=transform, rotate=rotate, translate=translate)
  autoaugment_utils.contrib_training = types.SimpleNamespace(HParams=types.SimpleNamespace)


_tf_slim_control_flow()
_numpy_aliases()
_pillow_getsize()
_keras_resnet()
_center_net_mobilenet()
_rmsprop_decay()
_preprocessor_selector()
_autoaugment()
