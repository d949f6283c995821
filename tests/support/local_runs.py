"""Whole local runs: a run config of a few steps, and what a run left."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import subprocess
import sys

import yaml

from tests.support.environments import PROJECT


@dataclasses.dataclass(frozen=True)
class LocalRun:
  """A folder with a data set, a run config, and what `detection-pipeline run` made of them."""

  home: pathlib.Path
  config: pathlib.Path
  data: pathlib.Path
  status: int

  def run(self, *arguments: str) -> int:
    """Runs the pipeline again, with further arguments."""
    from cli import main

    return main.main(['run', str(self.config), *arguments])

  def artifact(self, component: str, key: str) -> pathlib.Path:
    """The folder of the artifact that a component wrote in the first, cold run."""
    folders = (self.home / 'tiny' / 'pipeline' / component / key).iterdir()
    return min(folders, key=lambda folder: int(folder.name))

  @property
  def pushed(self) -> pathlib.Path:
    """A copy of the folder that the cold run pushed into; later runs push beside their forerunners, not here."""
    return self.home / 'pushed'


def cold_run(home: pathlib.Path, **sections) -> LocalRun:
  """Runs the whole pipeline on 24 drawn images, with these sections in its run config.

  In a process of its own, as a user starts it: its exit status is known only when it has ended.
  """
  from detection.sample_data import draw

  data = home / 'data'
  draw.write(str(data), images=24, seed=1)
  config = write_config(home, data, **sections)
  command = 'import sys; from cli import main; sys.exit(main.main(sys.argv[1:]))'
  done = subprocess.run([sys.executable, '-c', command, 'run', str(config)], cwd=PROJECT, check=False)
  shutil.copytree(home / 'tiny' / 'serving', home / 'pushed')
  return LocalRun(home, config, data, done.returncode)


def write_config(folder: pathlib.Path, data_root: pathlib.Path, **sections) -> pathlib.Path:
  """A run config for a few training steps of the smallest base."""
  config = {
    'name': 'tiny',
    'output_root': str(folder),
    'data': {'root': str(data_root)},
    'model': {'base': 'ssd_mobilenet_v2_fpnlite_cpu_160'},
    'train': {'num_steps': 4, 'batch_size': 4, 'eval_every': 2, 'checkpoint_every': 2},
    'evaluate': {'thresholds': {'AP50': 0.0}},
  }
  for section, values in sections.items():
    config[section] = {**config.get(section, {}), **values}
  path = folder / 'run.yaml'
  path.write_text(yaml.safe_dump(config))
  return path
