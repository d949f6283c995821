"""Environments that tests make for themselves."""

import pathlib
import shutil
import subprocess

from tests.support.environments import PROJECT, python_with


def test_an_environment_is_made_once_and_again_when_its_python_is_gone():
  python = pathlib.Path(python_with('test', 'six==1.17.0'))
  marks = python.parents[1] / '.ready'
  made = marks.stat().st_mtime_ns
  assert python_with('test', 'six==1.17.0') == str(python)
  assert marks.stat().st_mtime_ns == made
  python.unlink()
  assert python_with('test', 'six==1.17.0') == str(python)
  assert subprocess.check_output([python, '-c', 'import six; print(six.__version__)'], text=True).strip() == '1.17.0'
  assert PROJECT in python.parents
  shutil.rmtree(python.parents[1])
