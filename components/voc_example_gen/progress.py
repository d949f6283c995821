"""Images, rate and time left, while a data folder is read."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TextIO


class Progress:
  """One moving line on a terminal, a plain line every ten seconds elsewhere."""

  def __init__(self, total: int, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
    self._total, self._done, self._clock = total, 0, clock
    self._out = out or sys.stdout
    self._moving = self._out.isatty()
    self._started = self._told = clock()

  def step(self) -> None:
    """Counts one image, and tells if it is time to."""
    self._done += 1
    now = self._clock()
    if now - self._told < (0.2 if self._moving else 10.0) and not (self._moving and self._done == self._total):
      return
    self._told = now
    rate = self._done / max(now - self._started, 1e-9)
    left = (self._total - self._done) / rate
    line = f'{self._done} of {self._total} images, {rate:.0f} a second, {left:.0f} s left'
    end = '\n' if not self._moving or self._done == self._total else ''
    print(f'\r\033[K{line}' if self._moving else line, end=end, file=self._out, flush=True)


_shown: Progress | None = None


@contextlib.contextmanager
def shown(progress: Progress) -> Iterator[None]:
  """Within the block, `step` counts into `progress`.

  A value of this module, because Beam copies what it is given; worker processes have none, and show nothing.
  """
  global _shown
  _shown = progress
  try:
    yield
  finally:
    _shown = None


def step() -> None:
  """Counts one image into the progress that is shown, if any."""
  if _shown:
    _shown.step()
