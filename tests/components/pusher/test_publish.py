"""Publishing: a version is there whole or not at all, whatever fails."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from components.pusher import checksums, publish
from detection import model_folder
from detection.base.errors import ConfigError, DataError
from detection.inference.detector import Detector


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
  assert checksums.damaged(str(destination / str(version))) == []
  assert Detector(str(destination)).labels == {'red': 1, 'blue': 2}


def assert_one_line(error, message):
  assert '\n' not in str(error.value)
  assert message in str(error.value)


def test_a_push_that_is_tried_again_finds_its_version(models, tmp_path):
  model = models(1)
  first, second = (publish.publish(model, str(tmp_path / 'serving')) for _ in range(2))
  assert (second.version, second.again) == (first.version, True)
  assert model_folder.versions(str(tmp_path / 'serving')) == [first.version]


def test_a_version_that_was_damaged_is_pushed_anew(models, tmp_path):
  model = models(1)
  first = publish.publish(model, str(tmp_path), clock=lambda: 5)
  (tmp_path / '5' / 'saved_model.pb').write_bytes(b'')
  assert publish.publish(model, str(tmp_path), clock=lambda: 5).version == first.version + 1


# Pushes 200 times, each time another model. Every other pusher kills itself at its first, second, third or fourth copy,
# with half of that file written.
_PUSHERS = """
import os, pathlib, signal, sys
from components.pusher import publish

model, destination = sys.argv[1:]
copy, copies = publish.files.copy, []


def copy_or_die(source, target):
  copies.append(target)
  if len(copies) < dies_at:
    return copy(source, target)
  content = pathlib.Path(source).read_bytes()
  pathlib.Path(target).write_bytes(content[:len(content) // 2])
  os.kill(os.getpid(), signal.SIGKILL)


for number in range(200):
  pathlib.Path(model, 'pipeline.config').write_text(f'# {number}')
  dies_at = 1 + number // 2 % 4
  pusher = os.fork()
  if not pusher:
    if number % 2:
      publish.files.copy = copy_or_die
    publish.publish(model, destination)
    os._exit(0)
  _, status = os.waitpid(pusher, 0)
  if os.waitstatus_to_exitcode(status) != (-signal.SIGKILL if number % 2 else 0):
    sys.exit(f'pusher {number} ended with {os.waitstatus_to_exitcode(status)}')
"""


@pytest.mark.slow
def test_a_server_never_sees_a_part_of_a_version_though_pushers_are_killed(models, tmp_path):
  destination = str(tmp_path / 'serving')
  root = pathlib.Path(publish.__file__).parents[2]
  command = [sys.executable, '-c', _PUSHERS, models(0), destination]
  with open(tmp_path / 'log', 'wb') as log:
    pushers = subprocess.Popen(command, cwd=root, stderr=log)
  checked, broken = set(), []
  while pushers.poll() is None:
    for version in set(model_folder.versions(destination)) - checked:
      broken += checksums.damaged(f'{destination}/{version}')
      checked.add(version)
  assert pushers.returncode == 0, (tmp_path / 'log').read_text()[-2000:]
  assert len([name for name in os.listdir(destination) if name.startswith('.publishing-')]) == 100
  assert broken == []
  assert len(model_folder.versions(destination)) == 100
  assert all(checksums.damaged(f'{destination}/{version}') == [] for version in model_folder.versions(destination))


def test_a_full_disk_leaves_the_old_version_served(colour_model, other_model, small_disk):
  destination = small_disk / 'serving'
  first = publish.publish(str(colour_model), str(destination))
  with pytest.raises(ConfigError) as error:
    publish.publish(other_model, str(destination))
  assert_one_line(error, 'No space left on device')
  assert os.listdir(destination) == [str(first.version)]
  assert_served(destination, first.version)


def test_a_destination_of_another_user_leaves_the_old_version_served(
  colour_model, other_model, public, as_another_user
):
  destination = public / 'serving'
  first = publish.publish(str(colour_model), str(destination))
  shutil.copytree(other_model, public / 'model')
  subprocess.run(['chmod', '-R', 'a+rX,a-w', public], check=True)
  with as_another_user(), pytest.raises(ConfigError) as error:
    publish.publish(str(public / 'model'), str(destination))
  subprocess.run(['chmod', '-R', 'u+w', public], check=True)
  assert_one_line(error, 'Permission denied')
  assert_served(destination, first.version)


def test_a_destination_that_is_a_file_is_refused_in_one_line(colour_model, tmp_path):
  (tmp_path / 'serving').write_text('not a folder')
  with pytest.raises(ConfigError, match=r'^push.destination: .*serving cannot be written: [^\n]*$'):
    publish.publish(str(colour_model), str(tmp_path / 'serving'))
  assert (tmp_path / 'serving').read_text() == 'not a folder'


def test_a_copy_that_fails_leaves_nothing_where_others_read(colour_model, tmp_path, monkeypatch):
  copied = []

  def failing_copy(source, target):
    copied.append(target)
    if len(copied) == 3:
      raise OSError('No space left on device')
    pathlib.Path(target).write_bytes(pathlib.Path(source).read_bytes())

  monkeypatch.setattr(publish.files, 'copy', failing_copy)
  with pytest.raises(ConfigError, match='No space left on device'):
    publish.publish(str(colour_model), str(tmp_path / 'serving'))
  assert os.listdir(tmp_path / 'serving') == []


def test_a_copy_that_is_not_whole_is_caught(colour_model, tmp_path, monkeypatch):
  def cutting_copy(source, target):
    pathlib.Path(target).write_bytes(pathlib.Path(source).read_bytes()[:-1])

  monkeypatch.setattr(publish.files, 'copy', cutting_copy)
  with pytest.raises(ConfigError, match='was not copied whole'):
    publish.publish(str(colour_model), str(tmp_path / 'serving'))
  assert os.listdir(tmp_path / 'serving') == []


@pytest.mark.parametrize('missing', ['label_map.pbtxt', 'pipeline.config', 'Format-Serving/saved_model.pb'])
def test_an_incomplete_model_is_refused_by_the_missing_file(tmp_path, missing):
  model = tmp_path / 'model'
  for name in ('label_map.pbtxt', 'pipeline.config', 'Format-Serving/saved_model.pb'):
    (model / name).parent.mkdir(parents=True, exist_ok=True)
    (model / name).touch()
  (model / missing).unlink()
  with pytest.raises(DataError, match=missing):
    publish.publish(str(model), str(tmp_path / 'serving'))
  assert not (tmp_path / 'serving').exists()
