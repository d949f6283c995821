"""Runs a detector over image and video files, and writes a copy of each with its boxes drawn."""

import collections
import contextlib
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

from detection.base.progress import Progress
from detection.detections import Detections
from detection.inference import predictions, video
from detection.inference.detector import Detector
from detection.inference.images import load
from detection.inference.prediction_files import write_whole
from detection.inference.predictions import Predicted
from detection.report import drawing, palette

Item = TypeVar('Item')
Result = TypeVar('Result')


class Annotator:
  """Detects, draws, and keeps what was found.

  Args:
    detector: what detects.
    targets: {image or video: the .jpg or .mp4 file to write its copy to}.
    min_score: detections below it are not drawn.
    classes: names of the classes to keep; all if empty.

  Attributes:
    predicted: every image and frame so far, with its detections from predictions.MIN_STORED_SCORE up.
    seconds: spent so far; loading the model and its first call are not counted.
  """

  def __init__(
    self, detector: Detector, targets: Mapping[str, pathlib.Path], min_score: float, classes: Sequence[str] = ()
  ) -> None:
    self.predicted: list[Predicted] = []
    self.seconds = 0.0
    self._detector, self._targets = detector, targets
    self._min_score, self._classes = min_score, classes

  def add_images(self, paths: Sequence[str]) -> None:
    """Detects in images.

    Raises:
      DataError: if one cannot be read, or a copy cannot be written.
    """
    for path in paths[:1]:
      self._detector.detect_encoded([load(path)[0]])  # the first call takes seconds; images/s is about the others
    # While the model computes, the images before are drawn and saved and the ones after are read.
    ahead = 2 * self._detector.batch_size
    progress = Progress(len(paths), 'image', out=sys.stderr)
    with self._timed(), progress, futures.ThreadPoolExecutor(os.cpu_count()) as pool:
      loaded = map_ahead(pool, lambda path: (path, *load(path)), paths, ahead)
      for _ in map_ahead(pool, self._save, self._detected(loaded), ahead):
        progress.advance()

  def add_video(self, path: str) -> None:
    """Detects in every frame of a video.

    Raises:
      DataError: if OpenCV cannot read it, or cannot write the copy.
    """
    with (
      self._timed(),
      video.reader(path) as (count, rate, frames),
      video.Writer(str(self._targets[path]), rate) as writer,
      Progress(count or None, 'frame', out=sys.stderr) as progress,
    ):
      numbers = itertools.count()
      while batch := list(itertools.islice(frames, self._detector.batch_size)):
        for frame, detections in zip(batch, self._detector.detect(batch), strict=True):
          image = PIL.Image.fromarray(frame)
          writer.add(np.asarray(self._draw(image, self._keep(path, image, detections, next(numbers)))))
        progress.advance(len(batch))

  def _detected(
    self, loaded: Iterator[tuple[str, bytes, PIL.Image.Image]]
  ) -> Iterator[tuple[str, PIL.Image.Image, Detections]]:
    """Each image with what was found in it."""
    while batch := list(itertools.islice(loaded, self._detector.batch_size)):
      found = self._detector.detect_encoded([content for _, content, _ in batch])
      for (path, _, image), detections in zip(batch, found, strict=True):
        yield path, image, self._keep(path, image, detections)

  def _keep(self, path: str, image: PIL.Image.Image, detections: Detections, frame: int | None = None) -> Detections:
    kept = detections.above(predictions.MIN_STORED_SCORE).of(self._classes)
    self.predicted.append(Predicted(len(self.predicted) + 1, path, image.size, kept, frame))
    return kept

  def _save(self, found: tuple[str, PIL.Image.Image, Detections]) -> None:
    path, image, detections = found
    buffer = io.BytesIO()
    self._draw(image, detections).save(buffer, 'JPEG', quality=90)
    write_whole(self._targets[path], buffer.getvalue())

  def _draw(self, image: PIL.Image.Image, detections: Detections) -> PIL.Image.Image:
    return draw(image, detections.above(self._min_score))

  @contextlib.contextmanager
  def _timed(self) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    self.seconds += time.perf_counter() - begun


def draw(image: PIL.Image.Image, detections: Detections) -> PIL.Image.Image:
  """A copy of the image with every detection drawn, named and scored, one colour a class."""
  captions = [f'{name} {score:.0%}' for name, score in zip(detections.names, detections.scores, strict=True)]
  colours = [palette.class_colour(number) for number in detections.classes.tolist()]
  return drawing.draw_boxes(image, detections.boxes, captions, colours)


def map_ahead(
  pool: futures.Executor, function: Callable[[Item], Result], items: Iterable[Item], count: int
) -> Iterator[Result]:
  """Like map in the pool's threads, at most `count` calls ahead of the reader: each may hold an image in memory."""
  waiting: collections.deque[futures.Future[Result]] = collections.deque()
  for item in items:
    waiting.append(pool.submit(function, item))
    if len(waiting) > count:
      yield waiting.popleft().result()
  while waiting:
    yield waiting.popleft().result()
