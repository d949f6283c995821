"""The progress display, with a clock that the test turns."""

import io
import subprocess
import sys

import pytest

from detection.base.progress import Progress, clock_time, write_line


class Screen(io.StringIO):
  """Something to print on, terminal or not."""

  def __init__(self, terminal):
    super().__init__()
    self.isatty = lambda: terminal


class Clock:
  def __init__(self):
    self.now = 0.0

  def __call__(self):
    return self.now


def advance(progress, clock, seconds, **options):
  for second in seconds:
    clock.now = second
    progress.advance(**options)


def test_elsewhere_than_on_a_terminal_a_plain_line_is_printed_every_ten_seconds():
  screen, clock = Screen(terminal=False), Clock()
  with Progress(5, out=screen, clock=clock) as progress:
    advance(progress, clock, [4, 8, 12, 16, 20])
  assert screen.getvalue() == 'image 3/5 | 0.2 images/s | 0:08 left\n'


def test_on_a_terminal_a_bar_moves_and_ends_full():
  screen, clock = Screen(terminal=True), Clock()
  with Progress(4, out=screen, clock=clock) as progress:
    advance(progress, clock, [1, 2, 2.1, 4])
  shown = screen.getvalue()
  assert 'image 1/4 | 1.0 images/s | 0:03 left' in shown
  assert 'image 3/4' not in shown
  last = shown.rstrip('\n').split('\r')[-1]
  assert last.startswith('|##########| image 4/4 | 1.0 images/s | 0:00 left')
  assert shown.endswith('\n')


@pytest.mark.parametrize('terminal', [True, False])
def test_how_many_there_are_may_be_told_later(terminal):
  screen, clock = Screen(terminal), Clock()
  with Progress(None, out=screen, clock=clock) as progress:
    clock.now = 100
    progress.expect(4)
    advance(progress, clock, [102, 104, 112])
  assert 'image 3/4 | 0.2 images/s | 0:04 left' in screen.getvalue()
  assert ('|#######' in screen.getvalue()) == terminal


def test_the_rate_is_in_images_when_steps_are_counted_and_leaves_out_what_was_done_before():
  screen, clock = Screen(terminal=False), Clock()
  progress = Progress(100, 'step', images=8, done=1, out=screen, clock=clock)
  advance(progress, clock, [25], count=50, notes=lambda: 'total_loss 1.250')
  assert screen.getvalue() == 'step 51/100 | total_loss 1.250 | 16.0 images/s | 0:24 left\n'


def test_steps_that_are_taken_again_are_counted_back():
  screen, clock = Screen(terminal=False), Clock()
  progress = Progress(100, 'step', out=screen, clock=clock)
  progress.advance(20)
  progress.advance(-10)
  advance(progress, clock, [10], count=0)
  assert screen.getvalue() == 'step 10/100 | 1.0 steps/s | 1:30 left\n'


def test_without_a_total_neither_bar_nor_time_left_is_shown():
  for terminal in (False, True):
    screen, clock = Screen(terminal), Clock()
    with Progress(None, 'frame', out=screen, clock=clock) as progress:
      advance(progress, clock, [20])
    assert 'frame 1 | 0.1 frames/s' in screen.getvalue()
    assert '|#' not in screen.getvalue()
    assert 'left' not in screen.getvalue()


@pytest.mark.parametrize('terminal', [False, True])
def test_a_whole_line_stands_on_a_line_of_its_own(terminal):
  screen, clock = Screen(terminal), Clock()
  with Progress(3, out=screen, clock=clock) as progress:
    advance(progress, clock, [1])
    write_line('evaluated', screen)
  assert 'evaluated' in [line.split('\r')[-1].rstrip() for line in screen.getvalue().split('\n')]


@pytest.mark.parametrize(('seconds', 'expected'), [(99, '1:39'), (3600, '1:00:00'), (260000, '72:13:20')])
def test_the_time_is_given_in_hours_from_an_hour_on(seconds, expected):
  assert clock_time(seconds) == expected


def test_importing_it_does_not_load_tensorflow():
  code = 'import sys, detection.base.progress; sys.exit("tensorflow" in sys.modules)'
  assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
