"""`detection-pipeline run`: what the command line gives to the local runner. Whole runs are in tests/e2e."""

from cli import main
from pipeline import local_runner


def test_the_config_is_run_with_the_command_lines_values_on_top(tmp_path, monkeypatch):
  (tmp_path / 'run.yaml').write_text('data: {root: images}')
  given = []
  monkeypatch.setattr(local_runner, 'run', lambda config: given.append(config) or 3)
  assert main.main(['run', str(tmp_path / 'run.yaml'), '--data', 'others', '--set', 'train.num_steps=7']) == 3
  (config,) = given
  assert (config.data.root, config.train.num_steps) == ('others', 7)
