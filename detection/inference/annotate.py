"""Runs a detector over image and video files, and writes a copy of each with its boxes drawn.

Reading, detecting, drawing and saving overlap: while the model computes, threads draw and save the images before and
read the ones after. What cannot be read is named and left out; what cannot be written ends everything.
"""

import contextlib
import io
import itertools
import os
import pathlib
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from typing import NamedTuple

import numpy as np
import PIL.Image

from detection.base.errors import DataError
from detection.base.progress import Progress, write_line
from detection.detections import Detections
from detection.inference import predictions, video
from detection.inference.detector import Detector
from detection.inference.images import encoded, load
from detection.inference.prediction_files import write_whole
from detection.inference.predictions import Predicted
from detection.inference.stages import Stopwatch, map_ahead, read_ahead
from detection.report import drawing, palette

READING, DETECTING, DRAWING, SAVING = 'reading', 'detecting', 'drawing', 'saving'


class _Loaded(NamedTuple):
  """An image that was read. content: as images.load gives it."""

  path: str
  content: bytes
  image: PIL.Image.Image


class Annotator:
  """Detects, draws, and keeps what was found.

  Args:
    detector: what detects.
    targets: {image or video: the .jpg or .mp4 file to write its copy to}.
    min_score: detections below it are not drawn.
    classes: names of the classes to keep; all if empty.

  Attributes:
    predicted: every image and frame so far, with its detections from predictions.MIN_STORED_SCORE up.
    left_out: a sentence for each image and video that could not be read to its end, in the order they came up.
    seconds: spent so far; loading the model and its first call are not counted.
    stopwatch: the seconds that each stage was at work; all but DETECTING share `threads` threads.
    threads: for reading, drawing and saving.
  """

  def __init__(
    self, detector: Detector, targets: Mapping[str, pathlib.Path], min_score: float, classes: Sequence[str] = ()
  ) -> None:
    self.predicted: list[Predicted] = []
    self.left_out: list[str] = []
    self.seconds = 0.0
    self.stopwatch = Stopwatch()
    self.threads = os.cpu_count() or 1
    self._detector, self._targets = detector, targets
    self._min_score, self._classes = min_score, classes
    self._ahead = 2 * detector.batch_size

  def add_images(self, paths: Sequence[str]) -> None:
    """Detects in images.

    Raises:
      DataError: if a copy cannot be written.
    """
    if not paths:
      return
    # The first call takes seconds; images/s is about the others.
    self._detector.detect_encoded([encoded(PIL.Image.new('RGB', (64, 64)))])
    progress = Progress(len(paths), 'image', out=sys.stderr)
    with self._timed(), progress, futures.ThreadPoolExecutor(self.threads) as pool:
      read = self._readable(map_ahead(pool, self._load, paths, self._ahead), progress)
      for _ in map_ahead(pool, self._save, self._detected(read), self._ahead):
        progress.advance()

  def add_video(self, path: str) -> None:
    """Detects in every frame of a video.

    Raises:
      DataError: if OpenCV cannot write the copy.
    """
    with contextlib.ExitStack() as stack:
      stack.enter_context(self._timed())
      try:
        count, rate, frames = stack.enter_context(video.reader(path))
      except DataError as error:
        self._leave_out(error)
        return
      writer = stack.enter_context(video.Writer(str(self._targets[path]), rate))
      progress = stack.enter_context(Progress(count or None, 'frame', out=sys.stderr))
      # Entered last, so left first: no thread is at work on a file that is closed.
      reader, pool, saver = (stack.enter_context(futures.ThreadPoolExecutor(n)) for n in (1, self.threads, 1))
      read = self._whole_frames(read_ahead(reader, self._each_timed(frames), self._ahead))
      drawn = map_ahead(pool, self._draw_frame, self._detected_frames(path, read), self._ahead)
      for _ in map_ahead(saver, lambda frame: self._add_frame(writer, frame), drawn, self._ahead):
        progress.advance()

  def _load(self, path: str) -> _Loaded | DataError:
    with self.stopwatch.timed(READING):
      try:
        return _Loaded(path, *load(path))
      except DataError as error:
        return error

  def _readable(self, loaded: Iterable[_Loaded | DataError], progress: Progress) -> Iterator[_Loaded]:
    for item in loaded:
      if isinstance(item, DataError):
        self._leave_out(item)
        progress.advance()
      else:
        yield item

  def _leave_out(self, error: DataError) -> None:
    self.left_out.append(str(error))
    write_line(f'left out: {error}', sys.stderr)

  def _detected(self, loaded: Iterator[_Loaded]) -> Iterator[tuple[_Loaded, Detections]]:
    """Each image with what was found in it."""
    while batch := list(itertools.islice(loaded, self._detector.batch_size)):
      with self.stopwatch.timed(DETECTING):
        found = self._detect(batch)
      for one, detections in zip(batch, found, strict=True):
        yield one, self._keep(one.path, one.image, detections)

  def _detect(self, batch: Sequence[_Loaded]) -> list[Detections]:
    try:
      return self._detector.detect_encoded([one.content for one in batch])
    except DataError:
      if len(batch) > 1:
        return [found for one in batch for found in self._detect([one])]
      # Pillow has decoded it. TensorFlow is stricter with a few files; what Pillow saw it takes as PNG.
      return self._detector.detect_encoded([encoded(batch[0].image)])

  def _save(self, found: tuple[_Loaded, Detections]) -> None:
    one, detections = found
    with self.stopwatch.timed(DRAWING):
      drawn = self._draw(one.image, detections)
    with self.stopwatch.timed(SAVING):
      buffer = io.BytesIO()
      drawn.save(buffer, 'JPEG', quality=90)
      write_whole(self._targets[one.path], buffer.getvalue())

  def _each_timed(self, frames: Iterator[video.Frame]) -> Iterator[video.Frame]:
    while True:
      with self.stopwatch.timed(READING):
        frame = next(frames, None)
      if frame is None:
        return
      yield frame

  def _whole_frames(self, frames: Iterator[video.Frame]) -> Iterator[video.Frame]:
    """The frames that can be read; behind them the video is named, if others could not."""
    try:
      yield from frames
    except DataError as error:
      self._leave_out(error)

  def _detected_frames(self, path: str, frames: Iterator[video.Frame]) -> Iterator[tuple[PIL.Image.Image, Detections]]:
    while batch := list(itertools.islice(frames, self._detector.batch_size)):
      with self.stopwatch.timed(DETECTING):
        found = self._detector.detect([frame for _, frame in batch])
      for (number, frame), detections in zip(batch, found, strict=True):
        image = PIL.Image.fromarray(frame)
        yield image, self._keep(path, image, detections, number)

  def _draw_frame(self, found: tuple[PIL.Image.Image, Detections]) -> np.ndarray:
    with self.stopwatch.timed(DRAWING):
      return np.asarray(self._draw(*found))

  def _add_frame(self, writer: video.Writer, frame: np.ndarray) -> None:
    with self.stopwatch.timed(SAVING):
      writer.add(frame)

  def _keep(self, path: str, image: PIL.Image.Image, detections: Detections, frame: int | None = None) -> Detections:
    kept = detections.above(predictions.MIN_STORED_SCORE).of(self._classes)
    self.predicted.append(Predicted(len(self.predicted) + 1, path, image.size, kept, frame))
    return kept

  def _draw(self, image: PIL.Image.Image, detections: Detections) -> PIL.Image.Image:
    return draw(image, detections.above(self._min_score))

  @contextlib.contextmanager
  def _timed(self) -> Iterator[None]:
    begun = time.perf_counter()
    try:
      yield
    finally:
      self.seconds += time.perf_counter() - begun


def draw(image: PIL.Image.Image, detections: Detections) -> PIL.Image.Image:
  """A copy of the image with every detection drawn, named and scored, one colour a class."""
  captions = [f'{name} {score:.0%}' for name, score in zip(detections.names, detections.scores, strict=True)]
  colours = [palette.class_colour(number) for number in detections.classes.tolist()]
  return drawing.draw_boxes(image, detections.boxes, captions, colours)
