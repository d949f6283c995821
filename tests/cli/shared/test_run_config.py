"""The arguments of commands that take a run config."""

import argparse

from cli.shared import run_config


def test_the_file_is_read_and_the_command_line_wins(tmp_path):
  (tmp_path / 'run.yaml').write_text('data: {root: images}\ntrain: {num_steps: 3, batch_size: 2}')
  parser = argparse.ArgumentParser()
  run_config.add_arguments(parser)
  flags = ['--data', 'others', '--set', 'train.num_steps=4', '--set', 'name=x']
  config = run_config.load(parser.parse_args([str(tmp_path / 'run.yaml'), *flags]))
  assert (config.data.root, config.train.num_steps, config.train.batch_size, config.name) == ('others', 4, 2, 'x')
