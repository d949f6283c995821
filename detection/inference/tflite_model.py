"""TFLite detectors: what their files hold beside the network, and running them.

    labels.txt   class names, a line each; line 0 is class 0 of the network's output, id 1 of the label map
    input.json   how an image is laid into the network's input

Both are appended to the network as a zip archive, TFLite's way of packing associated files: interpreters read past it,
and `unzip model.tflite` shows it. https://www.tensorflow.org/lite/models/convert/metadata
"""

import dataclasses
import io
import json
import threading
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from detection.base.errors import DataError

# float32; weights in 8 bits; weights in 16 bits; weights and activations in 8 bits.
Kind = Literal['float32', 'dynamic_range', 'float16', 'int8']
KINDS = get_args(Kind)
SUFFIX = '.tflite'
LABELS = 'labels.txt'
INPUT = 'input.json'
# In a label map ids may be left out; then nothing but the line's place is known.
_NO_NAME = '???'


@dataclasses.dataclass(frozen=True)
class Fitting:
  """How an image is laid into the network's input of fixed size.

  keep_aspect: scaled as a whole, the rest at the bottom or right filled with `padding`; else stretched to the size.
  padding: RGB, 0 to 255.
  """

  keep_aspect: bool = False
  padding: tuple[float, float, float] = (0.0, 0.0, 0.0)

  def fit(self, pixels: np.ndarray, height: int, width: int) -> tuple[np.ndarray, tuple[float, float]]:
    """Lays an image into [height, width, 3].

    Args:
      pixels: [h, w, 3], RGB from 0 to 255.

    Returns:
      float32 pixels, and the share of height and of width that the image takes, in (0, 1].
    """
    import tensorflow as tf

    # The first version of TensorFlow's function, which the OD API resizes with: the second one samples elsewhere.
    resize = tf.compat.v1.image.resize_images
    inside = resize(pixels, [height, width], preserve_aspect_ratio=self.keep_aspect).numpy()
    rows, columns = inside.shape[:2]
    if (rows, columns) == (height, width):
      return inside, (1.0, 1.0)
    canvas = np.tile(np.array(self.padding, np.float32), (height, width, 1))
    canvas[:rows, :columns] = inside
    return canvas, (rows / height, columns / width)


def pack(network: bytes, labels: Mapping[str, int], fitting: Fitting) -> bytes:
  """A .tflite file: the network with its labels and fitting.

  Args:
    network: as the converter gives it.
    labels: {name: id}, ids from 1.
    fitting: how images are laid into its input.

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
  content = {LABELS: '\n'.join(names) + '\n', INPUT: json.dumps(dataclasses.asdict(fitting)) + '\n'}
  file = io.BytesIO(network)
  with zipfile.ZipFile(file, 'a') as archive:
    for name, text in content.items():
      archive.writestr(zipfile.ZipInfo(name), text)  # without the time, so that equal input gives equal bytes
  return file.getvalue()


def unpack(file: bytes, where: str) -> tuple[dict[str, int], Fitting]:
  """({name: id}, fitting) of a .tflite file.

  Raises:
    DataError: if they are not in it.
  """
  try:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
      lines = archive.read(LABELS).decode('utf-8').splitlines()
      fitting = json.loads(archive.read(INPUT))
    labels = {name: number for number, name in enumerate(lines, start=1) if name != _NO_NAME}
    return labels, Fitting(bool(fitting['keep_aspect']), tuple(fitting['padding']))
  except (zipfile.BadZipFile, KeyError, ValueError) as error:
    raise DataError(
      f'{where}: no {LABELS} and {INPUT} in it: {error}. Expected a .tflite file of this project.'
    ) from error


class Model:
  """A .tflite file that can be run, on one CPU core.

  Attributes:
    labels: {name: id}, ids from 1.
  """

  def __init__(self, file: bytes, where: str) -> None:
    """Loads the content of a file; `where` is its name, for messages.

    Raises:
      DataError: if it is not one that `pack` made.
    """
    import tensorflow as tf

    self.labels, self._fitting = unpack(file, where)
    try:
      # More threads gained nothing on small networks, and where others use the machine they wait for each other: 2 ms
      # an image became 30.
      self._interpreter = tf.lite.Interpreter(model_content=file, num_threads=1)
      self._interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
      raise DataError(f'{where}: the network does not load: {str(error).splitlines()[0]}') from error
    (self._input,) = self._interpreter.get_input_details()
    # In the file the outputs stand in any order; their names end in their places: `...:0` the boxes, `...:1` and so on.
    outputs = sorted(self._interpreter.get_output_details(), key=lambda detail: detail['name'].rpartition(':')[2])
    self._outputs = [detail['index'] for detail in outputs]
    self._turn = threading.Lock()  # an interpreter has one set of tensors

  def detect_encoded(self, batch: Sequence[bytes]) -> dict[str, np.ndarray]:
    """Detects in JPEG or PNG bytes; answers as the SavedModel's signatures do."""
    import tensorflow as tf

    return self.detect_pixels([tf.io.decode_image(one, channels=3, expand_animations=False).numpy() for one in batch])

  def detect_pixels(self, batch: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """Detects in uint8 images [H, W, 3], one after the other; answers as the SavedModel's signatures do."""
    found = [self._detect(pixels) for pixels in batch]
    names = ('detection_boxes', 'detection_classes', 'detection_scores', 'num_detections')
    return {name: np.stack(values) for name, values in zip(names, zip(*found, strict=True), strict=True)}

  def _detect(self, pixels: np.ndarray) -> tuple[np.ndarray, ...]:
    _, height, width, _ = self._input['shape']
    image, share = self._fitting.fit(pixels, int(height), int(width))
    with self._turn:
      self._interpreter.set_tensor(self._input['index'], self._quantized(image)[np.newaxis])
      self._interpreter.invoke()
      boxes, classes, scores, count = (self._interpreter.get_tensor(index)[0] for index in self._outputs)
    # From shares of the network's input to shares of the image, and from classes to ids.
    return np.clip(boxes / np.tile(np.array(share, np.float32), 2), 0, 1), classes + 1, scores, count

  def _quantized(self, image: np.ndarray) -> np.ndarray:
    dtype = self._input['dtype']
    if dtype == np.float32:
      return image
    scale, zero = self._input['quantization']
    limits = np.iinfo(dtype)
    return np.clip(np.round(image / scale + zero), limits.min, limits.max).astype(dtype)
