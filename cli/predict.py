"""`detection-pipeline predict`: boxes drawn on images and videos, and predictions in files."""

import collections
import contextlib
import dataclasses
import glob
import io
import itertools
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from typing import TypeVar

import numpy as np
import PIL.Image
from tqdm import tqdm

from detection.base import suggest
from detection.base.errors import ConfigError, DataError
from detection.detections import Detections
from detection.inference import predictions, video
from detection.inference.detector import Detector
from detection.inference.images import load
from detection.inference.predictions import Predicted
from detection.report import drawing, palette

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.gif', '.tif', '.tiff', '.webp')
PREDICTIONS_FILE = 'predictions.json'
CSV_FILE = 'predictions.csv'
VOC_FOLDER = 'voc'

Item, Result = TypeVar('Item'), TypeVar('Result')


@dataclasses.dataclass(frozen=True)
class Options:
  """How to predict.

  min_score: boxes below it are neither drawn nor written as VOC XML; JSON and CSV hold those from 0.01 up.
  batch_size: images per call of the model.
  classes: names of those to keep; all if empty.
  formats: of predictions.FORMATS. JSON is always written: it marks the folder as holding predictions.
  """

  min_score: float = 0.5
  batch_size: int = 8
  classes: tuple[str, ...] = ()
  formats: tuple[str, ...] = ('json',)

  def check(self) -> None:
    """Raises ConfigError for the first option that makes no sense."""
    if not 0 <= self.min_score <= 1:
      raise ConfigError(f'--min-score: expected a number from 0 to 1, received {self.min_score}.')
    if self.batch_size < 1:
      raise ConfigError(f'--batch-size: expected 1 or more, received {self.batch_size}.')
    for name in self.formats:
      if name not in predictions.FORMATS:
        raise ConfigError(f'--format: expected one of {", ".join(predictions.FORMATS)}, received "{name}".')


def run(model: str, output: str, sources: Sequence[str], options: Options) -> int:
  """Detects in everything `sources` name, writes annotated copies and predictions to `output`.

  Args:
    model: as Detector takes it.
    output: a folder, made if absent; new, empty, or one that predict wrote before.
    sources: images, videos, folders that are searched for images, and globs.
    options: how.

  Returns:
    The number of images and frames.

  Raises:
    ConfigError: if there are no images, a source does not exist, or `output` would overwrite something.
    DataError: if the model cannot be loaded or an image cannot be read.
  """
  options.check()
  paths = find(sources)
  targets = _targets(paths, pathlib.Path(output))
  detector = Detector(model, options.batch_size)
  _check_classes(options.classes, detector.labels)
  job = _Job(detector, targets, options)
  job.add_images([path for path in paths if not _is_video(path)])
  for path in paths:
    if _is_video(path):
      job.add_video(path)
  _write(output, job.found, targets, options)
  drawn = sum(len(one.detections.above(options.min_score)) for one in job.found)
  print(f'{len(job.found)} images, {drawn} objects of score {options.min_score} or more: {output}')
  print(f'{len(job.found) / max(job.seconds, 1e-9):.1f} images/s (reading, detection, drawing, saving)')
  return len(job.found)


def annotated(image: PIL.Image.Image, detections: Detections) -> PIL.Image.Image:
  """The image with every detection drawn, named and scored, a colour a class."""
  captions = [f'{name} {score:.0%}' for name, score in zip(detections.names, detections.scores, strict=True)]
  colours = [palette.class_colour(number) for number in detections.classes.tolist()]
  return drawing.draw_boxes(image, detections.boxes, captions, colours)


def find(sources: Sequence[str]) -> list[str]:
  """Images and videos in the order given; folders are searched for images to the bottom, in the order of names.

  Raises:
    ConfigError: if a source does not exist, or nothing is found.
  """
  found: list[str] = []
  for source in sources:
    paths = [source] if os.path.exists(source) else sorted(glob.glob(source, recursive=True))
    if not paths:
      raise ConfigError(f'{source}: no such file or folder.')
    for path in paths:
      found += _below(path) if os.path.isdir(path) else [path]
  if not found:
    raise ConfigError(f'{", ".join(sources)}: no images. Expected files ending in {", ".join(SUFFIXES)}.')
  return list(dict.fromkeys(found))


class _Job:
  """Detects and draws; keeps what was found, and the seconds that it took but for loading the model."""

  def __init__(self, detector: Detector, targets: Mapping[str, pathlib.Path], options: Options) -> None:
    self.found: list[Predicted] = []
    self.seconds = 0.0
    self._detector, self._targets, self._options = detector, targets, options

  def add_images(self, paths: Sequence[str]) -> None:
    for path in paths[:1]:
      self._detector.detect_encoded([load(path)[0]])  # the first call takes seconds; images/s is about the others
    # While the model computes, the images before are drawn and saved and the ones after are read.
    with self._timed(), _bar(len(paths), 'image') as bar, futures.ThreadPoolExecutor(os.cpu_count()) as pool:
      loaded = _ahead(pool, lambda path: (path, *load(path)), paths, 2 * self._options.batch_size)
      for _ in _ahead(pool, self._draw, self._detected(loaded), 2 * self._options.batch_size):
        bar.update()

  def add_video(self, path: str) -> None:
    with (
      self._timed(),
      video.reader(path) as (count, rate, frames),
      video.Writer(str(self._targets[path]), rate) as writer,
      _bar(count, 'frame') as bar,
    ):
      numbers = itertools.count()
      while batch := list(itertools.islice(frames, self._options.batch_size)):
        for frame, detections in zip(batch, self._detector.detect(batch), strict=True):
          image = PIL.Image.fromarray(frame)
          writer.add(np.asarray(self._annotated(image, self._keep(path, image, detections, next(numbers)))))
        bar.update(len(batch))

  def _detected(
    self, loaded: Iterator[tuple[str, bytes, PIL.Image.Image]]
  ) -> Iterator[tuple[str, PIL.Image.Image, Detections]]:
    """Each image with what was found in it."""
    while batch := list(itertools.islice(loaded, self._options.batch_size)):
      found = self._detector.detect_encoded([content for _, content, _ in batch])
      for (path, _, image), detections in zip(batch, found, strict=True):
        yield path, image, self._keep(path, image, detections)

  def _keep(self, path: str, image: PIL.Image.Image, detections: Detections, frame: int | None = None) -> Detections:
    kept = detections.above(predictions.MIN_STORED_SCORE).of(self._options.classes)
    self.found.append(Predicted(len(self.found) + 1, path, image.size, kept, frame))
    return kept

  def _draw(self, found: tuple[str, PIL.Image.Image, Detections]) -> None:
    path, image, detections = found
    buffer = io.BytesIO()
    self._annotated(image, detections).save(buffer, 'JPEG', quality=90)
    _write_file(self._targets[path], buffer.getvalue())

  def _annotated(self, image: PIL.Image.Image, detections: Detections) -> PIL.Image.Image:
    return annotated(image, detections.above(self._options.min_score))

  @contextlib.contextmanager
  def _timed(self) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    self.seconds += time.perf_counter() - begun


def _ahead(
  pool: futures.Executor, function: Callable[[Item], Result], items: Iterable[Item], count: int
) -> Iterator[Result]:
  """Like map, but `count` calls ahead of its reader, and never more: each may hold an image."""
  waiting: collections.deque[futures.Future] = collections.deque()
  for item in items:
    waiting.append(pool.submit(function, item))
    if len(waiting) > count:
      yield waiting.popleft().result()
  while waiting:
    yield waiting.popleft().result()


def _bar(total: int, unit: str) -> tqdm:
  return tqdm(total=total or None, unit=unit, disable=not sys.stderr.isatty())


def _write(output: str, found: Sequence[Predicted], targets: Mapping[str, pathlib.Path], options: Options) -> None:
  if 'csv' in options.formats:
    _write_file(pathlib.Path(output, CSV_FILE), predictions.table(found).encode('utf-8'))
  if 'voc' in options.formats:
    for one in found:
      if one.frame is None:
        target = pathlib.Path(output, VOC_FOLDER, targets[one.file].stem + '.xml')
        _write_file(target, predictions.voc_xml(one, options.min_score))
  _write_file(pathlib.Path(output, PREDICTIONS_FILE), predictions.coco_json(found).encode('utf-8'))


def _check_classes(classes: Sequence[str], labels: dict[str, int]) -> None:
  for name in classes:
    if name not in labels:
      raise ConfigError(f'--classes: the model has no class "{name}"; {suggest.hint(name, labels)}.')


def _is_video(path: str) -> bool:
  return path.lower().endswith(video.SUFFIXES)


def _below(folder: str) -> Iterator[str]:
  for path in sorted(pathlib.Path(folder).rglob('*')):
    if path.suffix.lower() in SUFFIXES and path.is_file():
      yield str(path)


def _targets(paths: Sequence[str], output: pathlib.Path) -> dict[str, pathlib.Path]:
  """Where each annotated copy goes: its name, numbered where two are alike."""
  if output.exists() and not output.is_dir():
    raise ConfigError(f'--output: {output} is a file. Give a folder.')
  if output.is_dir() and any(output.iterdir()) and not (output / PREDICTIONS_FILE).exists():
    # What predict wrote may be replaced; what it did not write may be someone's only copy.
    raise ConfigError(f'--output: {output} holds files that are not predictions. Give a new folder.')
  targets: dict[str, pathlib.Path] = {}
  taken: set[str] = set()
  for path in paths:
    stem, number = pathlib.Path(path).stem, 1
    name = stem
    while name in taken:
      number += 1
      name = f'{stem}-{number}'
    taken.add(name)
    targets[path] = output / (name + ('.mp4' if _is_video(path) else '.jpg'))
  overwritten = {target.resolve() for target in targets.values()} & {pathlib.Path(path).resolve() for path in paths}
  if overwritten:
    raise ConfigError(f'--output: {sorted(overwritten)[0]} is one of the images. Give another folder.')
  return targets


def _write_file(target: pathlib.Path, content: bytes) -> None:
  """Writes beside, then renames."""
  beside = target.with_name(f'{target.name}.partial-{os.getpid()}')
  try:
    target.parent.mkdir(parents=True, exist_ok=True)
    beside.write_bytes(content)
    beside.replace(target)
  except OSError as error:
    beside.unlink(missing_ok=True)
    raise DataError(f'{target}: cannot be written: {error.strerror}.') from error
