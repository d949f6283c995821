"""Which logs TensorBoard is shown."""

import pytest

from cli import tensorboard
from detection.base.errors import ConfigError


def test_finished_trainings_and_those_under_way_are_shown(tmp_path):
  for place in ('pipeline/ODAPITrainer/model_run/7/logs/train', 'pipeline/training/abc/logs/train'):
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / 'events.out.tfevents.1').touch()
  (tmp_path / 'pipeline/ODAPITrainer/model_run/9/logs').mkdir(parents=True)
  shown = [path.removeprefix(f'{tmp_path}/') for path in tensorboard.log_folders(str(tmp_path))]
  assert shown == ['pipeline/ODAPITrainer/model_run/7/logs', 'pipeline/training/abc/logs']


def test_a_folder_without_logs_is_refused(tmp_path):
  with pytest.raises(ConfigError, match='no TensorBoard logs'):
    tensorboard.log_folders(str(tmp_path))
