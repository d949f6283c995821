"""TFLite detectors: what their files hold beside the network, and running them.

    labels.txt   class names, a line each; line 0 is class 0 of the network's output, id 1 of the label map
    input.json   how an image is scaled to the network's input: the fields of Letterbox

Both are appended to the network as a zip archive, TFLite's way of packing associated files: interpreters read past it,
and `unzip model.tflite` shows it. https://www.tensorflow.org/lite/models/convert/metadata
"""

import dataclasses
import io
import json
import threading
import zipfile
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from detection.base.errors import DataError
from detection.inference.images import decode
from detection.inference.model import OUTPUTS

# float32; weights in 8 bits; weights in 16 bits; weights and activations in 8 bits.
Kind = Literal['float32', 'dynamic_range', 'float16', 'int8']
KINDS = get_args(Kind)
SUFFIX = '.tflite'
LABELS = 'labels.txt'
INPUT = 'input.json'
_NO_NAME = '???'  # the line of an id that the label map leaves out


@dataclasses.dataclass(frozen=True)
class Letterbox:
  """How an image becomes the network's input, whose size is fixed.

  keep_aspect: the image keeps its aspect ratio, and `padding` fills the input at its bottom or right; else the image is
    stretched to the input.
  padding: RGB, 0 to 255.
  """

  keep_aspect: bool = False
  padding: tuple[float, float, float] = (0.0, 0.0, 0.0)

  def apply(self, pixels: np.ndarray, height: int, width: int) -> tuple[np.ndarray, tuple[float, float]]:
    """Scales an image to [height, width, 3].

    Args:
      pixels: [H, W, 3], RGB from 0 to 255.
      height, width: of the network's input.

    Returns:
      float32 pixels, and the fractions of height and of width that the image takes, in (0, 1].
    """
    import tensorflow as tf

    # The first version of TensorFlow's function, which the OD API resizes with: the second one samples elsewhere.
    resize = tf.compat.v1.image.resize_images
    scaled = resize(pixels, [height, width], preserve_aspect_ratio=self.keep_aspect).numpy()
    rows, columns = scaled.shape[:2]
    if (rows, columns) == (height, width):
      return scaled, (1.0, 1.0)
    canvas = np.tile(np.array(self.padding, np.float32), (height, width, 1))
    canvas[:rows, :columns] = scaled
    return canvas, (rows / height, columns / width)


def pack(network: bytes, labels: Mapping[str, int], letterbox: Letterbox) -> bytes:
  """A .tflite file: the network with its labels and letterbox.

  Args:
    network: as the converter gives it.
    labels: {class name: id}, ids from 1.
    letterbox: how images are scaled to its input.

  Raises:
    DataError: if a class name has a line break in it.
  """
  names = [_NO_NAME] * max(labels.values())
  for name, number in labels.items():
    if len(name.splitlines()) != 1:
      raise DataError(
        f'label map: the name {name!r} does not fit a line of {LABELS}. Expected one without line breaks.'
      )
    names[number - 1] = name
  content = {LABELS: '\n'.join(names) + '\n', INPUT: json.dumps(dataclasses.asdict(letterbox)) + '\n'}
  file = io.BytesIO(network)
  with zipfile.ZipFile(file, 'a') as archive:
    for name, text in content.items():
      archive.writestr(zipfile.ZipInfo(name), text)  # without the time, so that equal input gives equal bytes
  return file.getvalue()


def unpack(file: bytes, where: str) -> tuple[dict[str, int], Letterbox]:
  """({class name: id}, letterbox) of the content of a .tflite file; `where` is its name, for messages.

  Raises:
    DataError: if they are not in it.
  """
  try:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
      lines = archive.read(LABELS).decode('utf-8').splitlines()
      letterbox = json.loads(archive.read(INPUT))
    labels = {name: number for number, name in enumerate(lines, start=1) if name != _NO_NAME}
    return labels, Letterbox(bool(letterbox['keep_aspect']), tuple(letterbox['padding']))
  except (zipfile.BadZipFile, KeyError, ValueError) as error:
    raise DataError(
      f'{where}: no {LABELS} and {INPUT} in it: {error}. Expected a .tflite file of this project.'
    ) from error


class TFLiteModel:
  """A .tflite file on one CPU core, a Model: see detection/inference/model.py. Threads may share it.

  Attributes:
    labels: {class name: id}, ids from 1.
  """

  def __init__(self, file: bytes, where: str) -> None:
    """Loads the content of a file; `where` is its name, for messages.

    Raises:
      DataError: if it is not one that `pack` made.
    """
    import tensorflow as tf

    self.labels, self._letterbox = unpack(file, where)
    try:
      # More threads gained nothing on small networks, and where others use the machine they wait for each other: 2 ms
      # an image became 30.
      self._interpreter = tf.lite.Interpreter(model_content=file, num_threads=1)
      self._interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
      raise DataError(f'{where}: the network does not load: {str(error).splitlines()[0]}') from error
    (self._input,) = self._interpreter.get_input_details()
    # The file has the outputs in any order. Their names end in their positions: `...:0` the boxes, `...:1` and so on.
    outputs = sorted(self._interpreter.get_output_details(), key=lambda detail: detail['name'].rpartition(':')[2])
    self._outputs = [detail['index'] for detail in outputs]
    self._lock = threading.Lock()  # an interpreter has one set of tensors

  def detect_encoded(self, batch: Sequence[bytes]) -> dict[str, np.ndarray]:
    """The outputs for JPEG or PNG bytes; sizes may differ."""
    return self._detect_each([decode(content) for content in batch])

  def detect_pixels(self, batch: np.ndarray) -> dict[str, np.ndarray]:
    """The outputs for images uint8 [N, H, W, 3] in RGB."""
    return self._detect_each(batch)

  def _detect_each(self, images: Sequence[np.ndarray] | np.ndarray) -> dict[str, np.ndarray]:
    found = [self._detect(pixels) for pixels in images]
    return {name: np.stack(values) for name, values in zip(OUTPUTS, zip(*found, strict=True), strict=True)}

  def _detect(self, pixels: np.ndarray) -> tuple[np.ndarray, ...]:
    """One image's outputs, in the order of OUTPUTS."""
    _, height, width, _ = self._input['shape']
    image, fractions = self._letterbox.apply(pixels, int(height), int(width))
    with self._lock:
      self._interpreter.set_tensor(self._input['index'], self._quantized(image)[np.newaxis])
      self._interpreter.invoke()
      boxes, classes, scores, count = (self._interpreter.get_tensor(index)[0] for index in self._outputs)
    # The network's boxes are in [0, 1] of its input, padding included; its classes count from 0.
    in_image = np.clip(boxes / np.tile(np.array(fractions, np.float32), 2), 0, 1)
    return in_image, classes + 1, scores, count

  def _quantized(self, image: np.ndarray) -> np.ndarray:
    """The image in the type of the network's input."""
    dtype = self._input['dtype']
    if dtype == np.float32:
      return image
    scale, zero = self._input['quantization']
    limits = np.iinfo(dtype)
    return np.clip(np.round(image / scale + zero), limits.min, limits.max).astype(dtype)
