"""What `pip install .`, the image and Beam's --setup_file carry."""

import pathlib
import shutil
import subprocess
import sys
import tarfile

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGES = ('detection', 'components', 'pipeline', 'kubeflow', 'cli')


@pytest.mark.slow
def test_the_source_distribution_holds_every_file_of_the_packages(tmp_path):
  source = tmp_path / 'source'
  for package in PACKAGES:
    shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns('__pycache__'))
  for name in ('setup.py', 'pyproject.toml'):
    shutil.copy(ROOT / name, source)
  subprocess.run([sys.executable, 'setup.py', '-q', 'sdist', '-d', str(tmp_path)], cwd=source, check=True)
  with tarfile.open(next(tmp_path.glob('*.tar.gz'))) as archive:
    carried = {pathlib.PurePath(name).relative_to(pathlib.PurePath(name).parts[0]) for name in archive.getnames()}
  there = {path.relative_to(source) for package in PACKAGES for path in (source / package).rglob('*') if path.is_file()}
  assert there - carried == set()
