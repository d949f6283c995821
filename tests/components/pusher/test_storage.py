"""Destinations that fail: a disk that is full, a folder that may not be written, what killed pushers left."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from components.pusher import publish
from detection import model_folder
from detection.base.errors import ConfigError
from detection.inference.detector import Detector

DAY = 24 * 3600
NOBODY = 65534


@pytest.fixture
def other_model(colour_model, tmp_path):
  """A model that is not the colour model, with a large file."""
  folder = tmp_path / 'other'
  shutil.copytree(colour_model, folder)
  (folder / 'Format-Serving' / 'variables' / 'more').write_bytes(os.urandom(1 << 20))
  return str(folder)


@pytest.fixture
def small_disk(tmp_path):
  """A file system of 1 MB."""
  folder = tmp_path / 'disk'
  folder.mkdir()
  mounted = subprocess.run(
    ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], capture_output=True, text=True, check=False
  )
  if mounted.returncode:
    pytest.skip(f'run as root, who alone can mount a small disk: {mounted.stderr.strip()}')
  yield folder
  subprocess.run(['umount', '--lazy', folder], check=True)


def assert_served(destination, version):
  assert model_folder.versions(str(destination)) == [version]
  assert publish.damaged(str(destination / str(version))) == []
  assert Detector(str(destination)).labels == {'red': 1, 'blue': 2}


def assert_one_line(error, message):
  assert '\n' not in str(error.value)
  assert message in str(error.value)


def test_a_full_disk_leaves_the_old_version_served(colour_model, other_model, small_disk):
  destination = small_disk / 'serving'
  first = publish.publish(str(colour_model), str(destination))
  with pytest.raises(ConfigError) as error:
    publish.publish(other_model, str(destination))
  assert_one_line(error, 'No space left on device')
  assert os.listdir(destination) == [str(first.version)]
  assert_served(destination, first.version)


@contextlib.contextmanager
def as_another_user():
  """In place of root, who may write everywhere."""
  if os.geteuid():
    yield
    return
  os.seteuid(NOBODY)
  try:
    yield
  finally:
    os.seteuid(0)


@pytest.fixture
def public():
  """A folder that every user can read, unlike pytest's own."""
  with tempfile.TemporaryDirectory() as folder:
    os.chmod(folder, 0o755)
    yield pathlib.Path(folder)


def test_a_destination_of_another_user_leaves_the_old_version_served(colour_model, other_model, public):
  destination = public / 'serving'
  first = publish.publish(str(colour_model), str(destination))
  shutil.copytree(other_model, public / 'model')
  subprocess.run(['chmod', '-R', 'a+rX,a-w', public], check=True)
  with as_another_user(), pytest.raises(ConfigError) as error:
    publish.publish(str(public / 'model'), str(destination))
  subprocess.run(['chmod', '-R', 'u+w', public], check=True)
  assert_one_line(error, 'Permission denied')
  assert_served(destination, first.version)


def test_old_versions_of_another_user_stay_and_that_is_said(colour_model, other_model, public):
  destination = public / 'serving'
  for model in (str(colour_model), other_model):
    publish.publish(model, str(destination))
  subprocess.run(['chmod', '-R', 'a+rX,a-w', public], check=True)
  before = model_folder.versions(str(destination))
  with as_another_user(), pytest.raises(ConfigError) as error:
    publish.prune(str(destination), keep=1)
  subprocess.run(['chmod', '-R', 'u+w', public], check=True)
  assert_one_line(error, 'push.keep_versions: old versions')
  assert model_folder.versions(str(destination)) == before


def test_what_pushers_left_is_cleared_after_a_day_and_what_living_ones_write_is_not(colour_model, tmp_path):
  now = 1_800_000_000
  names = {
    'abandoned': f'.publishing-{now - DAY - 1}-0123abcd',
    'a claim': f'.publishing-{now - DAY - 1}-claim-7-0123abcd',
    'living': f'.publishing-{now - DAY + 60}-0123abcd',
    'not ours': '.publishing-notes',
    'taken back': '.withdrawn-5',
  }
  for name in names.values():
    (tmp_path / name).mkdir()
    (tmp_path / name / 'saved_model.pb').touch()
  shutil.rmtree(tmp_path / names['a claim'])
  (tmp_path / names['a claim']).touch()
  published = publish.publish(str(colour_model), str(tmp_path), clock=lambda: now)
  kept = [names['living'], names['not ours'], names['taken back'], str(published.version)]
  assert sorted(os.listdir(tmp_path)) == sorted(kept)


def test_pruning_leaves_what_is_not_whole_out_of_account(colour_model, other_model, tmp_path):
  """On an object store a version without saved_model.pb is on its way, or its pusher was killed."""
  for number, model in enumerate((str(colour_model), other_model), start=5):
    publish.publish(model, str(tmp_path), clock=lambda number=number: number)
  (tmp_path / '9' / 'variables').mkdir(parents=True)
  assert publish.prune(str(tmp_path), keep=1) == [5]
  assert model_folder.versions(str(tmp_path)) == [6, 9]
