"""Runs small steps in threads, where each may bring further ones; the memory does not grow with their number."""

import functools
import queue
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol


class Step(Protocol):
  """One request to a store or a file system, and what follows from its answer."""

  def ask(self) -> Any:
    """Makes the request, in a thread; what this raises ends the run."""

  def take(self, answer: Any) -> 'tuple[Iterable[Any], Iterable[Step]]':
    """What the answer holds, and the steps that follow. All answers are taken in one thread, one after the other."""


def run(first: Iterable[Step], threads: int) -> Iterator[Any]:
  """Yields what the steps find, in no order.

  Steps that came last are done first: so the files of a folder are asked for before the next folder is listed, and few
  steps wait.
  """
  waiting, asked = [iter(first)], 0
  answers: queue.SimpleQueue[tuple[Step, Future]] = queue.SimpleQueue()
  with ThreadPoolExecutor(threads) as pool:
    try:
      while waiting or asked:
        while waiting and asked < 2 * threads:
          step = next(waiting[-1], None)
          if step is None:
            waiting.pop()
            continue
          asked += 1
          pool.submit(step.ask).add_done_callback(functools.partial(_put, answers, step))
        if asked:
          step, answer = answers.get()
          asked -= 1
          found, following = step.take(answer.result())
          waiting.append(iter(following))
          yield from found
    finally:
      pool.shutdown(cancel_futures=True)


def _put(answers: 'queue.SimpleQueue[tuple[Step, Future]]', step: Step, answer: Future) -> None:
  answers.put((step, answer))
