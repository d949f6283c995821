"""`detection-pipeline compile`, as a user calls it."""

import pytest
import yaml

from cli import main
from tests.support.environments import PROJECT
from tests.support.stacks import legacy_only

DEMO = str(PROJECT / 'configs/demo.yaml')


@pytest.mark.parametrize(
  ('target', 'key'),
  [
    pytest.param([], 'deploymentSpec', id='KFP 2'),
    pytest.param(['kfp-v1'], 'spec', id='KFP v1', marks=legacy_only),
  ],
)
def test_a_file_for_the_target_is_written(tmp_path, capsys, target, key):
  output = tmp_path / 'out.yaml'
  words = [word for name in target for word in ('--target', name)]
  assert main.main(['compile', DEMO, '--data', 's3://bucket/data', *words, '--output', str(output)]) == 0
  assert capsys.readouterr().out == f'{output}: compiled for {target[0] if target else "kfp"}\n'
  assert key in next(yaml.safe_load_all(output.read_text()))


def test_data_that_a_cluster_cannot_see_is_one_line_and_status_2(tmp_path, capsys):
  assert main.main(['compile', DEMO, '--data', 'here', '--output', str(tmp_path / 'out.yaml')]) == 2
  (line,) = capsys.readouterr().err.strip().splitlines()
  assert line.startswith('detection-pipeline compile: data.root: "here" means nothing in a container')
