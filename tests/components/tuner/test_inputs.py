import types

import pytest
from tfx.types import channel, standard_artifacts

from components import artifacts
from components.tuner import inputs
from components.tuner.component import DetectionTuner
from detection.base.errors import ConfigError
from detection.pipeline_config import split_boxes


@pytest.fixture
def search(tmp_path):
  """The inputs and execution properties of a small search for cats."""
  (tmp_path / 'label_map.pbtxt').write_text('item { id: 1 name: "cat" }')
  found = {'examples': [standard_artifacts.Examples()], 'label_map': [artifacts.LabelMap()]}
  found['label_map'][0].uri = str(tmp_path)

  def search(tune=None, train=None, work_root='/work'):
    tuner = DetectionTuner(
      **{name: channel.Channel(type=type(one)) for name, (one,) in found.items()},
      tune={'space': {'learning_rate': {'values': [0.1]}}, **(tune or {})},
      work_root=work_root,
      settings=train or {},
      base='ssd_mobilenet_v2_fpnlite_cpu_160',
      batch_size=1,
    )
    return found, tuner.exec_properties

  return search


@pytest.mark.parametrize(
  ('tune', 'train', 'expected'),
  [
    ({'objective': 'AP50/dog'}, {}, r'^tune\.objective: no class "dog"\. Expected one of \[.cat.\]\.$'),
    ({}, {'watch': 'AP50/dog'}, r'^train\.watch: no class "dog"'),
  ],
)
def test_a_metric_of_a_class_that_there_is_not_is_refused(search, tune, train, expected):
  with pytest.raises(ConfigError, match=expected):
    inputs.read_settings(*search(tune, train))


def test_a_search_is_named_by_what_it_depends_on(search):
  work = inputs.read_settings(*search()).work

  assert work.startswith('/work/')
  assert inputs.read_settings(*search()).work == work
  assert inputs.read_settings(*search({'trials': 3})).work != work
  assert inputs.read_settings(*search(train={'seed': 3})).work != work
  assert inputs.read_settings(*search(work_root='/other')).work == work.replace('/work/', '/other/')


def test_a_trial_trains_the_run_s_config_with_its_own_values_for_the_steps_of_the_search(search, monkeypatch):
  monkeypatch.setattr(split_boxes, 'read', lambda path: types.SimpleNamespace())
  monkeypatch.setattr(inputs.examples_check, 'check_examples', lambda config, shared, scans: None)
  found, properties = search({'steps': 60})
  found['examples'][0].split_names = '["train", "eval"]'

  configs = inputs.read_trial_configs(inputs.read_settings(found, properties), found, properties, node=0)

  assert configs.of({}).train_config.num_steps == 60
  assert configs.of({'train_config.batch_size': 7}).train_config.batch_size == 7
  assert inputs.read_adaptation(configs, found, properties) is None
