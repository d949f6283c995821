"""Frames in and out of video files, by OpenCV."""

import contextlib
import os
from collections.abc import Iterator

import numpy as np

from detection.base.errors import DataError

SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm')
_FALLBACK_RATE = 25.0


@contextlib.contextmanager
def reader(path: str) -> Iterator[tuple[int, float, Iterator[np.ndarray]]]:
  """Opens a video: (number of frames as its header says, frames a second, the frames as uint8 [H, W, 3] in RGB).

  Raises:
    DataError: if OpenCV cannot read it.
  """
  import cv2

  capture = cv2.VideoCapture(path)
  try:
    if not capture.isOpened():
      raise DataError(f'{path}: not a video that OpenCV can read.')
    rate = capture.get(cv2.CAP_PROP_FPS)
    count = int(max(0, capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    yield count, rate if 0 < rate < 1000 else _FALLBACK_RATE, _frames(capture)
  finally:
    capture.release()


class Writer:
  """Writes RGB frames to an .mp4 that takes its name only when all are written."""

  def __init__(self, path: str, rate: float) -> None:
    self._path, self._rate, self._writer = path, rate, None
    self._beside = f'{path.removesuffix(".mp4")}.partial-{os.getpid()}.mp4'

  def __enter__(self) -> 'Writer':
    return self

  def add(self, frame: np.ndarray) -> None:
    """Appends a frame; the first one gives the size."""
    import cv2

    if self._writer is None:
      os.makedirs(os.path.dirname(self._path) or '.', exist_ok=True)
      size = frame.shape[1], frame.shape[0]
      self._writer = cv2.VideoWriter(self._beside, cv2.VideoWriter_fourcc(*'mp4v'), self._rate, size)
      if not self._writer.isOpened():
        raise DataError(f'{self._path}: OpenCV cannot write this video.')
    self._writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))

  def __exit__(self, kind: type | None, *error: object) -> None:
    if self._writer is None:
      return
    self._writer.release()
    if kind is None:
      os.replace(self._beside, self._path)
    elif os.path.exists(self._beside):
      os.remove(self._beside)


def _frames(capture: object) -> Iterator[np.ndarray]:
  import cv2

  while True:
    there, frame = capture.read()
    if not there:
      return
    yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
