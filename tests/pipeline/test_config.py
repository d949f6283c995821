"""The run config: YAML, the command line on top of it, and what is refused."""

import pathlib

import pytest

from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from pipeline import config

CONFIGS = pathlib.Path(config.__file__).parents[1] / 'configs'


@pytest.fixture
def write(tmp_path):
  def write(text):
    path = tmp_path / 'run.yaml'
    path.write_text(text)
    return str(path)

  return write


def test_everything_has_a_default_but_the_data(write):
  loaded = config.load(write('data: {root: images}'))
  assert (loaded.model.base, loaded.train.num_steps, loaded.evaluate.thresholds) == (
    'ssd_mobilenet_v2_fpnlite_320',
    2000,
    {'AP50': 0.5},
  )
  with pytest.raises(ConfigError, match='data.root: missing. .* or --data DIR'):
    config.load(write(''))


def test_the_command_line_wins_over_the_file(write):
  path = write('data: {root: images}\ntrain: {num_steps: 10}')
  loaded = config.load(path, 'others', ['train.num_steps=20', 'train.num_steps=30', 'evaluate.thresholds={AP: 0.1}'])
  assert (loaded.data.root, loaded.train.num_steps, loaded.evaluate.thresholds) == ('others', 30, {'AP': 0.1})


def test_what_stands_below_overrides_is_one_path_into_pipeline_config(write):
  loaded = config.load(write('data: {root: x}'), overrides=['model.overrides.train_config.batch_size=4'])
  assert loaded.model.overrides == {'train_config.batch_size': 4}


def test_short_forms_go_into_pipeline_config_and_not_to_the_trainer(write):
  loaded = config.load(write('data: {root: x}\ntrain: {optimizer: adam, early_stopping: {patience: 2}}'))
  assert loaded.overrides == {'optimizer': 'adam'}
  assert 'optimizer' not in loaded.train.settings()
  assert loaded.train.settings()['early_stopping']['patience'] == 2


@pytest.mark.parametrize(
  ('text', 'overrides', 'expected'),
  [
    pytest.param('trian: {}', [], 'unknown key "trian"; nearest: "train"', id='a misspelt section'),
    pytest.param('train: {num_step: 3}', [], 'nearest: "train.num_steps"', id='a misspelt key'),
    pytest.param('train: {num_steps: many}', [], "train.num_steps: .*integer; received 'many'", id='a wrong type'),
    pytest.param('', ['train.num_steps=2.7'], 'num_steps: expected a whole number; received 2.7', id='a fraction'),
    pytest.param('tune: {trials: 2.5}', [], 'tune.trials: expected a whole', id='of trials'),
    pytest.param('export: {onnx: [int4]}', [], "'int4'", id='a kind of numbers that there is not'),
    pytest.param('export: {max_detections: yes}', [], 'expected a whole number; received True', id='yes for 1'),
    pytest.param('data: {format: vok}', [], "data.format: .*'voc'.*received 'vok'", id='not one of the choices'),
    pytest.param('name: My Model', [], 'name: expected lower-case letters', id='a name that is no folder name'),
    pytest.param('- a\n- b', [], 'expected keys and values, received a list', id='a list'),
    pytest.param('a: [', [], 'not YAML', id='not YAML'),
    pytest.param(
      'train:\n  num_steps: 3\n  seed: 1\n  num_steps: 4',
      [],
      'line 4: the key "num_steps" is there a second time, first on line 2',
      id='one key twice',
    ),
    pytest.param('a: ' + '[' * 20_000, [], 'line 1: nested deeper than', id='a tower of brackets'),
    pytest.param('', ['a=' + '[' * 20_000], 'value is not YAML: line 1: nested deeper', id='brackets by --set'),
    pytest.param('1: 2', [], 'the key 1 is no text', id='a key that is a number'),
    pytest.param('name: 2024-13-45', [], 'line 1: month must be', id='no date, though it looks like one'),
    pytest.param('!!python/object/apply:os.system [ls]', [], 'not YAML', id='YAML that would run something'),
    pytest.param('', ['train.num_steps'], '--set train.num_steps: expected key.path=value', id='no value'),
    pytest.param('', ['train={'], '--set train={: the value is not YAML', id='a value that is not YAML'),
    pytest.param('name: x', ['name.first=y'], '"name" is a value, not a section', id='a path through a value'),
    pytest.param(
      'train: {optimizer: adam}\nmodel: {overrides: {optimizer: sgd}}',
      [],
      'train.optimizer and model.overrides.optimizer are both set',
      id='one thing set in two places',
    ),
  ],
)
def test_a_config_that_is_wrong_is_refused_in_one_line(write, text, overrides, expected):
  with pytest.raises(ConfigError, match=expected) as caught:
    config.load(write(text), 'images', overrides)
  assert '\n' not in str(caught.value)


@pytest.mark.parametrize('path', sorted(CONFIGS.glob('*.yaml')), ids=lambda path: path.name)
def test_the_configs_to_copy_are_right(path):
  assert config.load(str(path), 'images').name


def test_local_paths_are_made_absolute_and_remote_ones_left_alone(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  assert config.absolute('data') == str(tmp_path / 'data')
  assert config.absolute('s3://bucket/data') == 's3://bucket/data'


@pytest.mark.parametrize(
  ('sections', 'message'),
  [
    ({'data': {'single_class': 'thing'}}, 'data.single_class takes away the class names'),
    ({'export': {'onnx': True}}, 'expected none of them with two_stage'),
    ({'export': {'tflite': ['float16']}}, 'expected none of them with two_stage'),
    ({'export': {'drift_reference': True}}, 'expected none of them with two_stage'),
    ({'two_stage': {'detector': '/there'}, 'adapt': {'target': '/night'}}, 'trained already, expected no adapt'),
    ({'two_stage': {'max_boxes': 0}}, 'two_stage.max_boxes'),
  ],
)
def test_what_does_not_go_with_two_stage_is_refused(sections, message):
  with pytest.raises(ConfigError, match=message):
    parse_settings(config.RunConfig, {'two_stage': {}, **sections}, 'run.yaml')


@pytest.mark.parametrize(
  'section', [{'adapt': {'target': '/night'}}, {'two_stage': {}}, {'export': {'drift_reference': True}}]
)
def test_what_takes_whole_images_does_not_go_with_tiles(section):
  with pytest.raises(ConfigError, match=rf'data.tiles cuts the images that {next(iter(section))}\S* takes whole'):
    parse_settings(config.RunConfig, {'data': {'tiles': {'size': 320}}, **section}, 'run.yaml')


def test_what_a_config_asks_for_is_said_in_one_place():
  search = {'space': {'learning_rate': {'values': [0.1]}}}
  plain, searching, importing = (config.RunConfig(tune=tune) for tune in (None, search, {'import': '/found'}))
  assert (plain.search, importing.search) == (None, None)
  assert searching.search is searching.tune
  assert plain.trains_detector
  assert not config.RunConfig(two_stage={'detector': '/there'}).trains_detector


LOCAL = ['--runner=FnApiRunner', '--sdk_container_image=none']
FLINK = '--runner=FlinkRunner'


@pytest.mark.parametrize(
  ('args', 'expected'),
  [
    pytest.param([], LOCAL, id='none'),
    pytest.param(['--direct_num_workers=2'], [*LOCAL, '--direct_num_workers=2'], id='of the local runner'),
    pytest.param(
      [FLINK, '--environment_type=LOOPBACK'],
      [FLINK, '--environment_type=LOOPBACK', '--job_server_timeout=604800', '--sdk_container_image=none'],
      id='another runner',
    ),
  ],
)
def test_beam_runs_here_unless_a_runner_is_named(args, expected):
  assert config.BeamConfig(args=args).pipeline_args == expected
