"""SavedModels: loading one, and running its signatures."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from detection import model_folder
from detection.base import local_copies
from detection.base.errors import DataError
from detection.inference import stateless
from detection.inference.model import OUTPUTS
from detection.inference.stateless import Function

# Names of signatures; detection/odapi/model/export.py says what they take and give.
SERVING_DEFAULT = 'serving_default'
IMAGE_BYTES = 'image_bytes'
TF_EXAMPLE = 'tf_example'
CLASS_NAMES = 'class_names'


class SavedModel:
  """The SavedModel in a folder, a Model: see detection/inference/model.py.

  Attributes:
    labels: {class name: id}, ids from 1, from the label map that belongs to it.
  """

  def __init__(self, folder: str) -> None:
    """Loads the SavedModel.

    Args:
      folder: holds saved_model.pb. For its label map see model_folder.read_labels.

    Raises:
      DataError: if it has no label map or does not load.
    """
    self.labels = model_folder.read_labels(folder)
    self._folder = folder
    self._functions = stateless.load(local_copies.readable(folder), (SERVING_DEFAULT, IMAGE_BYTES)) or _functions(
      folder
    )

  def detect_encoded(self, batch: Sequence[bytes]) -> dict[str, np.ndarray]:
    """The outputs for JPEG or PNG bytes; sizes may differ.

    Raises:
      DataError: if the signature or an output is missing, or the model cannot decode an image.
    """
    return self._call(IMAGE_BYTES, np.array(batch, object))

  def detect_pixels(self, batch: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs for images uint8 [N, H, W, 3]. Raises as `detect_encoded`."""
    return self._call(SERVING_DEFAULT, batch)

  def _call(self, signature: str, batch: np.ndarray) -> dict[str, np.ndarray]:
    import tensorflow as tf

    if signature not in self._functions:
      found = sorted(self._functions)
      raise DataError(f'{self._folder}: no signature "{signature}". Received {found}. Export it again.')
    try:
      outputs = self._functions[signature](batch)
    except tf.errors.InvalidArgumentError as error:
      reason = error.message.splitlines()[0]
      raise DataError(f'{self._folder}: the model could not read an image: {reason}') from error
    missing = [name for name in OUTPUTS if name not in outputs]
    if missing:
      raise DataError(
        f'{self._folder}: "{signature}" has no output {missing[0]}. Received {sorted(outputs)}. Export again.'
      )
    return {name: outputs[name].numpy() for name in OUTPUTS}


def _functions(folder: str) -> dict[str, Function]:
  """The signatures of any SavedModel. Raises as `load`."""
  model = load(folder)
  return {name: _function(model, name) for name in model.signatures}


def _function(model: Any, name: str) -> Function:
  """The signature by position. It has the model with it: signatures hold it by weak references only."""
  import tensorflow as tf

  def run(batch: np.ndarray) -> dict[str, Any]:
    signature = model.signatures[name]
    ((argument, spec),) = signature.structured_input_signature[1].items()
    return signature(**{argument: tf.constant(batch, spec.dtype)})

  return run


def load(folder: str) -> Any:
  """TensorFlow's object of the SavedModel in `folder`. Raises DataError if it does not load."""
  import tensorflow as tf

  try:
    return tf.saved_model.load(local_copies.readable(folder))
  except (OSError, ValueError, tf.errors.OpError) as error:
    raise DataError(f'{folder}: the SavedModel does not load: {str(error).splitlines()[0]}') from error
