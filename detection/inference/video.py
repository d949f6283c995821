"""Frames in and out of video files, by OpenCV."""

import contextlib
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from detection.base import files
from detection.base.errors import DataError

if TYPE_CHECKING:
  import cv2

SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm')
_FALLBACK_RATE = 25.0
_COUNTED = ('.mp4', '.avi', '.mov')  # the others' headers hold a duration, of which OpenCV makes a count
_SLACK = 0.02
_MOST_MISSED = 100  # frames in a row that cannot be read, before the video is taken to have ended

Frame = tuple[int, np.ndarray]  # its number in the video, from 0; uint8 [height, width, 3], RGB


@contextlib.contextmanager
def reader(path: str) -> Iterator[tuple[int, float, Iterator[Frame]]]:
  """Opens a video: (number of frames as its header says, frames a second, the frames that can be read).

  Raises:
    DataError: if OpenCV cannot read it. By the frames: behind the last that can be read, if some were missing.
  """
  import cv2

  capture = cv2.VideoCapture(path)
  try:
    if not capture.isOpened():
      raise DataError(f'{path}: not a video that OpenCV can read.')
    rate = capture.get(cv2.CAP_PROP_FPS)
    count = int(max(0, capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    yield count, rate if 0 < rate < 1000 else _FALLBACK_RATE, _frames(capture, path, count)
  finally:
    capture.release()


class Writer:
  """Writes frames to a new .mp4, which takes its name only when the `with` block ends without an error.

  Without a frame there is no file.
  """

  def __init__(self, path: str, rate: float) -> None:
    """Args: path: of the file; its folder is made. rate: frames a second."""
    self._path, self._rate = path, rate
    self._output: cv2.VideoWriter | None = None
    self._stack = contextlib.ExitStack()

  def __enter__(self) -> 'Writer':
    return self

  def add(self, frame: np.ndarray) -> None:
    """Appends a frame, uint8 [H, W, 3] in RGB, all of one size.

    Raises:
      DataError: if OpenCV cannot write the file.
    """
    import cv2

    if self._output is None:
      self._output = self._open(width=frame.shape[1], height=frame.shape[0])
    self._output.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))

  def _open(self, width: int, height: int) -> 'cv2.VideoWriter':
    import cv2

    beside = self._stack.enter_context(files.whole_path(self._path))
    output = cv2.VideoWriter(beside, cv2.VideoWriter.fourcc(*'mp4v'), self._rate, (width, height))
    self._stack.callback(output.release)
    if not output.isOpened():
      raise DataError(f'{self._path}: OpenCV cannot write this video.')
    return output

  def __exit__(
    self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
  ) -> None:
    self._stack.__exit__(kind, error, trace)


def _frames(capture: 'cv2.VideoCapture', path: str, count: int) -> Iterator[Frame]:
  number = read = missed = 0
  while missed < _MOST_MISSED:
    frame = _next(capture)
    if frame is None:  # damaged, or the end: OpenCV says which by what comes next
      missed += 1
      continue
    number, read, missed = number + missed, read + 1, 0
    yield number, frame
    number += 1
  # OpenCV also passes over frames without a word, and ends so where a file was cut short.
  slack = 0 if path.lower().endswith(_COUNTED) else max(1, round(_SLACK * count))
  if not read or read < number or read < count - slack:
    raise DataError(f'{path}: {read} of the {max(count, number)} frames that its header counts could be read.')


def _next(capture: 'cv2.VideoCapture') -> np.ndarray | None:
  """The next frame in RGB; None if it cannot be read."""
  import cv2

  try:
    there, frame = capture.read()
  except cv2.error:
    return None
  return cv2.cvtColor(frame, cv2.COLOR_BGR2RGB) if there else None
