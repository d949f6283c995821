"""Models to push, and destinations that fail."""

import contextlib
import os
import pathlib
import shutil
import tempfile

import pytest

NOBODY = 65534


@pytest.fixture
def models(colour_model, tmp_path_factory):
  """Makes models that differ."""
  folder = tmp_path_factory.mktemp('models')

  def make(number):
    shutil.copytree(colour_model, folder / str(number))
    (folder / str(number) / 'pipeline.config').write_text(f'# {number}')
    return str(folder / str(number))

  return make


@pytest.fixture
def other_model(colour_model, tmp_path):
  """A model that is not the colour model, with a large file."""
  folder = tmp_path / 'other'
  shutil.copytree(colour_model, folder)
  (folder / 'Format-Serving' / 'variables' / 'more').write_bytes(os.urandom(1 << 20))
  return str(folder)


@pytest.fixture
def public():
  """A folder that every user can read, unlike pytest's own."""
  with tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o755)
    yield pathlib.Path(folder)


@pytest.fixture
def as_another_user():
  """A context in which another user pushes, in place of root, who may write everywhere."""
  return _as_another_user


@contextlib.contextmanager
def _as_another_user():
  if os.geteuid():
    yield
    return
  os.seteuid(NOBODY)
  try:
    yield
  finally:
    os.seteuid(0)
