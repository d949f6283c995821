"""Detector: a trained or pushed model, SavedModel, TFLite or ONNX, from images to boxes with class names.

detector = Detector('runs/raccoon/serving')
for found in detector.detect(['a.jpg', 'b.png']):
  print(found.names, found.scores, found.boxes)
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from detection import model_folder
from detection.base import files
from detection.detections import Detections
from detection.inference import images as image_files
from detection.inference import onnx_model, tflite_model
from detection.inference.images import Image
from detection.inference.model import Model, split_batch
from detection.inference.saved_model import SavedModel
from detection.inference.tiled_model import TiledModel
from detection.tiles.grid import Grid

_FILE_MODELS: Mapping[str, Callable[[bytes, str], Model]] = {
  tflite_model.SUFFIX: tflite_model.TFLiteModel,
  onnx_model.SUFFIX: onnx_model.OnnxModel,
}


class Detector:
  """Loads a model once, then detects in batches.

  Args:
    path: a folder that holds saved_model.pb; or a trainer's model folder (its Format-Serving is taken); or a push
      destination (its highest version is taken). The label map is found beside saved_model.pb, in assets.extra or in
      the folder above. Or a .tflite or .onnx file, which has its labels inside.
    batch_size: images per call of the model; with `tiles`, tiles.
    tiles: images are cut into these, and what is found in them is merged; None: the model sees whole images.

  Attributes:
    path: of the file, or of the folder that holds saved_model.pb.
    labels: {class name: id}, ids from 1.

  Raises:
    DataError: if there is no model or no label map, or the model lacks a signature or output that is needed.
  """

  def __init__(self, path: str | os.PathLike, batch_size: int = 8, tiles: Grid | None = None) -> None:
    self.path, model = _open(os.fspath(path))
    self._model: Model = TiledModel(model, tiles, batch_size) if tiles else model
    self.labels = self._model.labels
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
    results: dict[int, Detections] = {}
    for positions, batch in self._batches(images):
      results |= zip(positions, batch, strict=True)
    return [results[position].above(min_score) for position in range(len(images))]

  def detect_encoded(self, batch: Sequence[bytes]) -> list[Detections]:
    """Detects in one batch of JPEG or PNG bytes in a single call of the model, trusting that they are that.

    Raises:
      DataError: if the model cannot decode one.
    """
    return self._run(self._model.detect_encoded, batch)

  def _batches(self, images: Sequence[Image]) -> Iterator[tuple[list[int], list[Detections]]]:
    """Runs arrays of one shape together, and all other images as encoded bytes. Yields (positions, detections)."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for position, image in enumerate(images):
      groups[image.shape if isinstance(image, np.ndarray) else ()].append(position)
    for members in groups.values():
      for start in range(0, len(members), self.batch_size):
        positions = members[start : start + self.batch_size]
        yield positions, self._detect_alike([images[position] for position in positions])

  def _detect_alike(self, images: Sequence[Image]) -> list[Detections]:
    """Detects in arrays of one shape, or in images of which none is an array."""
    pixels = [image_files.check_pixels(image) for image in images if isinstance(image, np.ndarray)]
    if pixels:
      return self._run(self._model.detect_pixels, np.stack(pixels))
    return self.detect_encoded([image_files.encoded(image) for image in images if not isinstance(image, np.ndarray)])

  def _run(self, detect: Callable[[Any], Mapping[str, np.ndarray]], batch: Any) -> list[Detections]:
    return split_batch(detect(batch), self._names)


def _open(path: str) -> tuple[str, Model]:
  """(path of the model's file or SavedModel folder, the model)"""
  for suffix, model in _FILE_MODELS.items():
    if path.endswith(suffix):
      return path, model(files.read_user_file(path), path)
  folder = model_folder.find_saved_model(path)
  return folder, SavedModel(folder)
