"""Messages to and from a worker process are whole, or their end is told."""

import io
import pickle
import subprocess
import sys

import pytest

from components.voc_example_gen.spread import worker_main


def test_messages_are_read_as_they_were_written():
  file = io.BytesIO()
  for message in (b'one', b'2' * 100_000):
    worker_main.send(file, message)
  file.seek(0)
  assert [worker_main.receive(file) for _ in range(2)] == [b'one', b'2' * 100_000]
  with pytest.raises(EOFError):
    worker_main.receive(file)


def test_a_message_that_is_cut_short_is_none():
  file = io.BytesIO()
  worker_main.send(file, b'one')
  with pytest.raises(EOFError):
    worker_main.receive(io.BytesIO(file.getvalue()[:4]))
  with pytest.raises(EOFError):
    worker_main.receive(io.BytesIO(file.getvalue()[:-1]))


def test_a_process_answers_each_message_and_ends_with_its_input():
  command = [sys.executable, '-m', worker_main.__name__]
  with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
    worker_main.send(process.stdin, pickle.dumps(dict))
    assert pickle.loads(worker_main.receive(process.stdout)) == ({}, None, '')
    process.stdin.close()
    assert process.wait(timeout=60) == 0
