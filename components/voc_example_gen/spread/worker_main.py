"""What a worker process does; see worker_processes.py.

It reads work from standard input, does it, and writes the answer to standard output. It ends with the process that has
started it.
"""

import gc
import importlib
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from typing import IO, Any

Answer = tuple[Any, Exception | None, str]  # what the work returned; or what it raised, with the traceback
_HEAD = 8  # bytes that tell how long a message is


def main(modules: Sequence[str]) -> None:
  """Works until standard input is closed. modules: imported first."""
  signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all processes: the first one ends this one
  answers = os.fdopen(os.dup(sys.stdout.fileno()), 'wb')
  os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what else is printed must not be taken for an answer
  waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
  threading.Thread(target=_receive, args=(sys.stdin.buffer, waiting), daemon=True).start()
  for module in modules:
    importlib.import_module(module)
  gc.freeze()
  while True:
    send(answers, _answer(waiting.get()))


def send(file: IO[bytes], message: bytes) -> None:
  """Writes a message, which `receive` reads."""
  file.write(len(message).to_bytes(_HEAD, 'big') + message)
  file.flush()


def receive(file: IO[bytes]) -> bytes:
  """Reads a message.

  Raises:
    EOFError: if the file ends.
  """
  head = file.read(_HEAD)
  length = int.from_bytes(head, 'big')
  if len(head) < _HEAD or len(message := file.read(length)) < length:
    raise EOFError
  return message


def _receive(file: IO[bytes], waiting: 'queue.SimpleQueue[bytes]') -> None:
  """Ends this process with its input, in the midst of its work too: nobody waits for it any more."""
  try:
    while True:
      waiting.put(receive(file))
  except EOFError:
    os._exit(0)


def _answer(message: bytes) -> bytes:
  """Does the work in a message; an Answer, pickled."""
  answer: Answer
  try:
    answer = pickle.loads(message)(), None, ''
    return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
  except Exception as error:  # raised again by the process that waits for it
    return _raised(error, traceback.format_exc())


def _raised(error: Exception, trace: str) -> bytes:
  """An exception as an answer; as a RuntimeError, if it cannot be copied, like many with arguments of their own."""
  try:
    message = pickle.dumps((None, error, trace))
    pickle.loads(message)
  except Exception:
    return pickle.dumps((None, RuntimeError(f'{type(error).__name__}: {error}'), trace))
  return message


if __name__ == '__main__':
  main(sys.argv[1:])
