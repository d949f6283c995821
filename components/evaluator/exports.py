"""Size, speed on this CPU and scores of a model in each form that it is published in."""

import dataclasses
import statistics
import time
from collections.abc import Mapping, Sequence

import numpy as np

from detection.base import files
from detection.inference.detector import Detector
from detection.inference.images import load

TIMED_IMAGES = 30
_WARM_UP = 3
_SHOWN = ('AP', 'AP50', 'AP75')


@dataclasses.dataclass(frozen=True)
class Exported:
  """One form of the model.

  name: the file's name, or `SavedModel`.
  bytes: size of the file, or of all files of the SavedModel.
  milliseconds: median time of one image, from pixels to boxes; SavedModel and ONNX use all cores, TFLite one.
  metrics: {'AP', 'AP50' and 'AP75': value in [0, 1]}; NaN where nothing could be measured.
  """

  name: str
  bytes: int
  milliseconds: float
  metrics: dict[str, float]


def measure(name: str, path: str, metrics: Mapping[str, float], images: Sequence[bytes]) -> Exported:
  """Measures size and speed of a model.

  Args:
    name: what to call it.
    path: as Detector takes it.
    metrics: the model's, by names.ALL.
    images: encoded; at least one.
  """
  return Exported(name, _size(path), _milliseconds(path, images), {metric: metrics[metric] for metric in _SHOWN})


def _milliseconds(path: str, images: Sequence[bytes]) -> float:
  model = Detector(path)
  pixels = [np.asarray(load(image)[1].convert('RGB')) for image in images]
  times = []
  for image in [*pixels[:1] * _WARM_UP, *pixels]:
    begun = time.perf_counter()
    model.detect([image])
    times.append(time.perf_counter() - begun)
  return 1000 * statistics.median(times[_WARM_UP:])


def _size(path: str) -> int:
  if not files.isdir(path):
    return _length(path)
  return sum(_length(files.join(folder, name)) for folder, _, names in files.walk(path) for name in names)


def _length(path: str) -> int:
  with files.open(path, 'rb') as file:
    return len(file.read())
