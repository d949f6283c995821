"""Detector: an exported or pushed model, SavedModel, TFLite or ONNX, from images to boxes with class names.

detector = Detector('runs/raccoon/serving')
for found in detector.detect(['a.jpg', 'b.png']):
  print(found.names, found.scores, found.boxes)
"""

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps

from detection import model_folder
from detection.base import files
from detection.base.errors import DataError
from detection.detections import Detections
from detection.inference import onnx_model, tflite_model

Image = str | os.PathLike | bytes | np.ndarray | PIL.Image.Image

_OUTPUTS = ('detection_boxes', 'detection_classes', 'detection_scores', 'num_detections')
# What TensorFlow's own image op decodes to the same pixels as Pillow shows; all else is handed over as PNG.
_PLAIN_FORMATS = ('JPEG', 'PNG')
_PLAIN_MODES = ('RGB', 'L')
_ORIENTATION = 0x0112  # EXIF tag; the model's decoder does not turn images


class Detector:
  """Loads a model once, then detects in batches.

  Args:
    path: a folder that holds saved_model.pb; or a trainer's model folder (its Format-Serving is taken); or a push
      destination (its highest version is taken). The label map is found beside saved_model.pb, in assets.extra or in
      the folder above. Or a .tflite or .onnx file, which has its labels inside.
    batch_size: images per call of the model.

  Raises:
    DataError: if there is no model or no label map, or the model lacks a signature or output that is needed.
  """

  def __init__(self, path: str, batch_size: int = 8) -> None:
    self.path, self._model, self.labels = _open(os.fspath(path))
    self.batch_size = batch_size
    self._names = {number: name for name, number in self.labels.items()}

  def detect(self, images: Sequence[Image], min_score: float = 0.0) -> list[Detections]:
    """Detects in every image.

    Args:
      images: file names, JPEG or PNG bytes, Pillow images, or uint8 arrays [H, W, 3] in RGB. Sizes may differ.
        Files, bytes and Pillow images are turned upright by their EXIF orientation first.
      min_score: detections below it are left out.

    Returns:
      One Detections per image, in order.

    Raises:
      DataError: if an image cannot be read.
    """
    results: list[Detections | None] = [None] * len(images)
    for positions, batch in self._batches(images):
      for position, found in zip(positions, batch, strict=True):
        results[position] = found.above(min_score)
    return results

  def detect_encoded(self, batch: Sequence[bytes]) -> list[Detections]:
    """Detects in one batch of JPEG or PNG bytes in a single call of the model, trusting that they are that."""
    return self._results(self._model.detect_encoded, batch)

  def _batches(self, images: Sequence[Image]) -> Iterator[tuple[list[int], list[Detections]]]:
    """Runs arrays by their shape, all else as encoded bytes. Yields (positions, what was found there)."""
    groups: dict[tuple, list[int]] = {}
    for position, image in enumerate(images):
      shape = image.shape if isinstance(image, np.ndarray) else ()
      groups.setdefault(shape, []).append(position)
    for shape, members in groups.items():
      for start in range(0, len(members), self.batch_size):
        positions = members[start : start + self.batch_size]
        if shape:
          pixels = np.stack([_checked(images[p]) for p in positions])
          yield positions, self._results(self._model.detect_pixels, pixels)
        else:
          yield positions, self.detect_encoded([encoded(images[p]) for p in positions])

  def _results(self, detect: Callable[[Any], Mapping[str, np.ndarray]], batch: Sequence) -> list[Detections]:
    import tensorflow as tf

    try:
      outputs = detect(batch)
    except tf.errors.InvalidArgumentError as error:
      raise DataError(f'{self.path}: the model could not read an image: {error.message.splitlines()[0]}') from error
    return [
      of_outputs({name: value[index] for name, value in outputs.items()}, self._names) for index in range(len(batch))
    ]


def of_outputs(outputs: Mapping[str, np.ndarray], names: Mapping[int, str]) -> Detections:
  """One image's outputs by the OD API's names as Detections. names: {id: class name}."""
  count = int(outputs['num_detections'])
  scores = outputs['detection_scores'][:count].astype(np.float32)
  order = np.argsort(-scores, kind='stable')
  classes = outputs['detection_classes'][:count].astype(np.int64)[order]
  boxes = outputs['detection_boxes'][:count].astype(np.float32)[order]
  return Detections(boxes, classes, scores[order], tuple(names.get(c, str(c)) for c in classes.tolist()))


class _SavedModel:
  """A SavedModel's signatures; answers are arrays by the OD API's names."""

  def __init__(self, folder: str) -> None:
    self._path = folder
    self._model = load_saved_model(folder)  # kept: the signatures hold it by weak references only

  def detect_encoded(self, batch: Sequence[bytes]) -> dict[str, np.ndarray]:
    return self._call('image_bytes', np.array(batch, object))

  def detect_pixels(self, batch: np.ndarray) -> dict[str, np.ndarray]:
    return self._call('serving_default', batch)

  def _call(self, signature: str, batch: np.ndarray) -> dict[str, np.ndarray]:
    import tensorflow as tf

    signatures = self._model.signatures
    if signature not in signatures:
      raise DataError(f'{self._path}: no signature "{signature}". Received {sorted(signatures)}. Export it again.')
    function = signatures[signature]
    ((argument, spec),) = function.structured_input_signature[1].items()
    outputs = function(**{argument: tf.constant(batch, spec.dtype)})
    missing = [name for name in _OUTPUTS if name not in outputs]
    if missing:
      raise DataError(
        f'{self._path}: "{signature}" has no output {missing[0]}. Received {sorted(outputs)}. Export again.'
      )
    return {name: outputs[name].numpy() for name in _OUTPUTS}


def _open(path: str) -> tuple[str, _SavedModel | tflite_model.Model | onnx_model.Model, dict[str, int]]:
  """(where it is, the model, its labels)"""
  for kind in (tflite_model, onnx_model):
    if path.endswith(kind.SUFFIX):
      model = kind.Model(_read(path), path)
      return path, model, model.labels
  folder = model_folder.find_saved_model(path)
  labels = model_folder.read_labels(folder)
  return folder, _SavedModel(folder), labels


def encoded(image: str | os.PathLike | bytes | PIL.Image.Image) -> bytes:
  """JPEG or PNG bytes whose pixels stand upright, as the model's `image_bytes` signature reads them.

  Bytes that are that already come back as they are, so that the model decodes the original.

  Raises:
    DataError: if it is no image.
  """
  return load(image)[0]


def load(image: str | os.PathLike | bytes | PIL.Image.Image) -> tuple[bytes, PIL.Image.Image]:
  """The same bytes, and the decoded upright image."""
  if isinstance(image, PIL.Image.Image):
    return _as_png(image)
  where = 'image bytes' if isinstance(image, bytes) else os.fspath(image)
  content = image if isinstance(image, bytes) else _read(where)
  try:
    opened = PIL.Image.open(io.BytesIO(content))
    opened.load()  # a file cut short fails here, with its name, not inside a batch
    upright = opened.getexif().get(_ORIENTATION, 1) == 1
    if opened.format in _PLAIN_FORMATS and opened.mode in _PLAIN_MODES and upright:
      return content, opened
    return _as_png(opened)
  except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError) as error:
    raise DataError(f'{where}: not an image that can be read: {error}. Expected a whole JPEG or PNG.') from error


def _read(path: str) -> bytes:
  if not files.exists(path) or files.isdir(path):
    raise DataError(f'{path}: no such file.')
  with files.open(path, 'rb') as file:
    return file.read()


def _as_png(image: PIL.Image.Image) -> tuple[bytes, PIL.Image.Image]:
  plain = PIL.ImageOps.exif_transpose(image).convert('RGB')
  buffer = io.BytesIO()
  plain.save(buffer, 'PNG', compress_level=1)
  return buffer.getvalue(), plain


def _checked(image: np.ndarray) -> np.ndarray:
  if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
    raise DataError(f'image array: expected uint8 [H, W, 3] in RGB, received {image.dtype} {list(image.shape)}.')
  return image


def load_saved_model(folder: str) -> Any:
  """TensorFlow's object of the SavedModel in `folder`. Raises DataError if it does not load."""
  import tensorflow as tf

  try:
    return tf.saved_model.load(folder)
  except (OSError, ValueError, tf.errors.OpError) as error:
    raise DataError(f'{folder}: the SavedModel does not load: {str(error).splitlines()[0]}') from error
