"""Work in stages that overlap: calls that run ahead in threads, and how long each stage was at work."""

import collections
import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent import futures
from typing import TypeVar

Item = TypeVar('Item')
Result = TypeVar('Result')


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


def read_ahead(thread: futures.ThreadPoolExecutor, items: Iterator[Item], count: int) -> Iterator[Item]:
  """The items in their order, read in a thread at most `count` ahead of the reader; what reading raises comes last.

  Args:
    thread: a pool of one thread: an iterator cannot be read by two.
    items: what is read.
    count: of items that are held.
  """
  end = object()
  for item in map_ahead(thread, lambda _: next(items, end), itertools.repeat(None), count):
    if item is end:
      return
    yield item  # type: ignore[misc]  # mypy cannot tell `end` apart


class Stopwatch:
  """Seconds that each stage was at work, added up over all threads."""

  def __init__(self) -> None:
    self._seconds: dict[str, float] = collections.defaultdict(float)
    self._lock = threading.Lock()

  @property
  def seconds(self) -> Mapping[str, float]:
    """{stage: seconds}, in the order in which the stages were first timed."""
    return dict(self._seconds)

  @contextlib.contextmanager
  def timed(self, stage: str) -> Iterator[None]:
    """Adds the time that the block takes to `stage`."""
    begun = time.perf_counter()
    try:
      yield
    finally:
      with self._lock:
        self._seconds[stage] += time.perf_counter() - begun
