"""Runs small steps in threads, where each may bring further ones; the memory does not grow with their number."""

import functools
import queue
import sys
import time
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

_MOST_DOUBLINGS = 6  # of the number of requests that are made in threads before one is made alone again


class Step(Protocol):
  """One request to a store or a file system, and what follows from its answer."""

  def ask(self) -> Any:
    """Makes the request, in a thread or the caller's; what this raises ends the run."""

  def take(self, answer: Any) -> 'tuple[Iterable[Any], Iterable[Step]]':
    """What the answer holds, and the steps that follow. All answers are taken in one thread, one after the other."""


def run(first: Iterable[Step], threads: int, quick: float = 0) -> Generator[Any, None, None]:
  """Yields what the steps find, in no order.

  Steps that came last are done first: so the files of a folder are asked for before the next folder is listed, and few
  steps wait.

  Args:
    first: the steps that are not brought by others.
    threads: how many requests may be under way.
    quick: in seconds. While requests take no longer, as on a disk whose folders are in memory, they are made one by
      one in this thread, which takes half the time: threads would only wait for each other. One that took longer may
      have done so by chance: another one is made alone soon, and less and less often while these are slow, too.
  """
  waiting, asked = [iter(first)], 0
  slow, in_threads = 0, 0 if quick else sys.maxsize  # requests: slow ones alone in a row; to be made in threads
  answers: queue.SimpleQueue[tuple[Step, Future[Any]]] = queue.SimpleQueue()
  with ThreadPoolExecutor(threads) as pool:
    try:
      while waiting or asked:
        while waiting and asked < (2 * threads if in_threads else 1):
          step = next(waiting[-1], None)
          if step is None:
            waiting.pop()
            continue
          asked += 1
          if in_threads:
            in_threads -= 1
            answer = pool.submit(step.ask)
          else:
            began = time.perf_counter()
            answer = _done(step.ask())
            slow = slow + 1 if time.perf_counter() - began >= quick else 0
            in_threads = threads * (2 ** min(slow, _MOST_DOUBLINGS) - 1)
          answer.add_done_callback(functools.partial(_put, answers, step))
        if asked:
          step, answer = answers.get()
          asked -= 1
          found, following = step.take(answer.result())
          waiting.append(iter(following))
          yield from found
    finally:
      pool.shutdown(cancel_futures=True)


def _done(answer: Any) -> Future[Any]:
  future: Future[Any] = Future()
  future.set_result(answer)
  return future


def _put(answers: 'queue.SimpleQueue[tuple[Step, Future[Any]]]', step: Step, answer: Future[Any]) -> None:
  answers.put((step, answer))
