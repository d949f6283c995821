"""The demo config, compiled and run as open-source KFP runs it: what the tests of whole runs share."""

import json
import pathlib

from kubeflow.compiler import targets
from kubeflow.emulator import emulate
from pipeline import config
from tests.support.environments import PROJECT

STEPS = 4
# Two trials at a time: the config as it is, and another rate.
SEARCH = (
  'tune={space: {learning_rate: {values: [0.02]}}, method: grid, trials: 1, steps: 2, evaluations: 1, parallel: 2}'
)
QUICK = [f'train.num_steps={STEPS}', f'train.eval_every={STEPS}', 'evaluate.thresholds={AP50: 0.0}']


def run(tmp_path, data_root, *overrides, **parameters):
  """Compiles the demo config and emulates it; returns {task: state}."""
  compiled = str(tmp_path / 'demo.yaml')
  loaded = config.load(str(PROJECT / 'configs/demo.yaml'), data_root, [*QUICK, *overrides])
  targets.compile_config(loaded, 'kfp', compiled)
  lines = []
  given = [f'{name}={value}' for name, value in parameters.items()]
  options = emulate.Options(open_source=True)
  succeeded = emulate.emulate(compiled, str(tmp_path / 'runs'), given, options, lines.append)
  assert succeeded, '\n'.join(lines)
  states = json.loads((tmp_path / 'runs/run-1/state.json').read_text())
  return {name: task['state'] for name, task in states.items()}


def made(tmp_path, name):
  """The content of the one artifact's file that is called `name`."""
  (file,) = (tmp_path / 'runs/store').rglob(name)
  return json.loads(file.read_text())


def assert_pushed(names):
  models = [name for name in names if pathlib.PurePath(name).name == 'saved_model.pb']
  assert len(models) == 1, names
  version = pathlib.PurePath(models[0]).parts[0]
  assert version.isdigit(), names
  assert f'{version}/label_map.pbtxt' in names or any(n.endswith('label_map.pbtxt') for n in names), names
