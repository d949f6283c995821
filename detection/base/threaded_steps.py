"""Runs small steps in threads, where each may bring further ones; the memory does not grow with their number."""

import functools
import queue
import time
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol


class Step(Protocol):
  """One request to a store or a file system, and what follows from its answer."""

  def ask(self) -> Any:
    """Makes the request, in a thread; what this raises ends the run."""

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
      one in this thread, which takes half the time: threads would only wait for each other.
  """
  waiting, asked, took = [iter(first)], 0, 0.0
  answers: queue.SimpleQueue[tuple[Step, Future[_Answer]]] = queue.SimpleQueue()
  with ThreadPoolExecutor(threads) as pool:
    try:
      while waiting or asked:
        while waiting and asked < (2 * threads if took >= quick else 1):
          step = next(waiting[-1], None)
          if step is None:
            waiting.pop()
            continue
          asked += 1
          answer = pool.submit(_ask, step) if took >= quick else _done(_ask(step))
          answer.add_done_callback(functools.partial(_put, answers, step))
        if asked:
          step, answer = answers.get()
          asked -= 1
          content, took = answer.result()
          found, following = step.take(content)
          waiting.append(iter(following))
          yield from found
    finally:
      pool.shutdown(cancel_futures=True)


_Answer = tuple[Any, float]  # and the seconds that it took


def _ask(step: Step) -> _Answer:
  began = time.perf_counter()
  return step.ask(), time.perf_counter() - began


def _done(answer: _Answer) -> 'Future[_Answer]':
  future: Future[_Answer] = Future()
  future.set_result(answer)
  return future


def _put(answers: 'queue.SimpleQueue[tuple[Step, Future[_Answer]]]', step: Step, answer: 'Future[_Answer]') -> None:
  answers.put((step, answer))
