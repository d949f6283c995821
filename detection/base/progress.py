"""One progress display for images and for training steps: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from tqdm import tqdm

TERMINAL_INTERVAL = 0.2  # seconds between two drawings of the bar
PLAIN_INTERVAL = 10.0  # seconds between two plain lines
_BAR = '|{bar:10}| {desc}'


class Progress:
  """Shows how many are done, how fast it goes, and the time left.

  On a terminal a bar is redrawn at most every 0.2 seconds. Elsewhere, as in a log file, a line is printed at most every
  10 seconds: `step 51/100 | total_loss 1.250 | 16.0 images/s | 0:24 left`.

      with Progress(len(images)) as progress:
        for image in images:
          ...
          progress.advance()
  """

  def __init__(
    self,
    total: int | None,
    label: str = 'image',
    images: int | None = None,
    done: int = 0,
    out: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
  ) -> None:
    """Starts the clock of the rate.

    Args:
      total: how many there are; None if unknown, then neither bar nor time left is shown.
      label: what is counted, in the singular.
      images: images in one count, when something else than images is counted: the rate is then in images a second.
      done: how many were done before; they do not count for the rate.
      out: where to show it; standard output by default.
      clock: gives seconds.
    """
    self._total, self._label, self._images, self._clock = total, label, images, clock
    self._out = out or sys.stdout
    self._done = self._done_before = done
    self._started = self._shown = clock()
    self._notes: Callable[[], str] | None = None
    terminal = self._out.isatty()
    self._interval = TERMINAL_INTERVAL if terminal else PLAIN_INTERVAL
    self._bar = tqdm(
      total=total,
      initial=done,
      file=self._out,
      disable=not terminal,
      dynamic_ncols=True,
      bar_format=_BAR if total else '{desc}',
    )

  def __enter__(self) -> Progress:
    return self

  def __exit__(
    self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
  ) -> None:
    self.close()

  def expect(self, total: int) -> None:
    """Tells how many there are, as soon as it is known; the rate is that from then on."""
    if total == self._total:
      return
    self._total = self._bar.total = total
    self._bar.bar_format = _BAR
    self._started, self._done_before = self._clock(), self._done

  def advance(self, count: int = 1, notes: Callable[[], str] | None = None) -> None:
    """Counts `count` more as done, and shows it when it is time to.

    Args:
      count: negative when work is done again.
      notes: returns what else to show, such as losses; called only when something is shown. None for nothing.
    """
    self._done += count
    self._notes = notes
    now = self._clock()
    if now - self._shown >= self._interval:
      self._show(now)

  def close(self) -> None:
    """Ends the display; a bar is drawn a last time and stays on the screen."""
    if not self._bar.disable:
      self._show(self._clock())
    self._bar.close()

  def _show(self, now: float) -> None:
    self._shown = now
    if self._bar.disable:
      print(self._text(now), file=self._out, flush=True)
    else:
      self._bar.n = self._done
      self._bar.set_description_str(self._text(now))

  def _text(self, now: float) -> str:
    rate = max(self._done - self._done_before, 0) / max(now - self._started, 1e-9)
    unit = f'{self._label}s' if self._images is None else 'images'
    parts = [f'{self._label} {self._done}' + (f'/{self._total}' if self._total else '')]
    parts += [self._notes()] if self._notes else []
    parts.append(f'{rate * (self._images or 1):.1f} {unit}/s')
    if self._total:
      parts.append(f'{clock_time(int((self._total - self._done) / max(rate, 1e-9)))} left')
    return ' | '.join(parts)


def write_line(line: str, out: TextIO | None = None) -> None:
  """Prints a whole line on `out`, standard output by default; where a bar is drawn, the line stands above it."""
  out = out or sys.stdout
  tqdm.write(line, file=out)
  out.flush()


def clock_time(seconds: int) -> str:
  """Minutes and seconds, 24:05; with hours from an hour on, 70:24:05."""
  minutes, hours = seconds // 60 % 60, seconds // 3600
  return f'{hours}:{minutes:02d}:{seconds % 60:02d}' if hours else f'{minutes}:{seconds % 60:02d}'
