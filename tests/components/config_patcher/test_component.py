import io
import json
import tarfile

import pytest
from tfx.types import channel, standard_artifacts

from components import artifacts
from components.config_patcher.component import ConfigPatcher
from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, hyperparameters, schedule


def patcher(**arguments):
  return ConfigPatcher(
    channel.Channel(type=standard_artifacts.Examples),
    channel.Channel(type=artifacts.LabelMap),
    **{'base': 'ssd_mobilenet_v2_fpnlite_320', 'num_steps': 10, 'batch_size': 2, **arguments},
  )


def test_parameters_are_plain_and_carry_the_base_itself():
  properties = patcher(overrides={'train_config.batch_size': 1, 'model.ssd.freeze_batchnorm': True}).exec_properties

  assert config_io.parse(properties['base_config']).model.ssd.image_resizer.fixed_shape_resizer.height == 320
  assert properties['overrides'] == '{"model.ssd.freeze_batchnorm": true, "train_config.batch_size": 1}'
  assert all(isinstance(value, str | int) for value in properties.values())


def test_a_changed_base_file_is_a_changed_parameter(tmp_path):
  path = tmp_path / 'mine.config'
  path.write_text(builtin_bases.text('ssd_mobilenet_v2_320'))
  before = patcher(base=str(path)).exec_properties
  path.write_text(builtin_bases.text('ssd_mobilenet_v2_320').replace('num_classes: 90', 'num_classes: 91'))

  assert patcher(base=str(path)).exec_properties != before


@pytest.mark.parametrize(
  ('arguments', 'expected'),
  [
    pytest.param({'base': 'ssd_mobilenet_v2_fpnlite_32'}, 'nearest: "ssd_mobilenet_v2_fpnlite_320"', id='unknown name'),
    pytest.param({'base': 'nowhere/pipeline.config'}, '"nowhere/pipeline.config" is neither', id='missing file'),
    pytest.param({'mode': 'finetune'}, 'expected one of scratch, fine_tune', id='unknown mode'),
    pytest.param({'mode': 'fine_tune'}, 'model.checkpoint: missing', id='no checkpoint'),
    pytest.param({'checkpoint': 'ckpt-0'}, 'model.mode is scratch', id='a checkpoint for nothing'),
    pytest.param({'overrides': {'train_config.steps': 3}}, 'nearest: "train_config.num_steps"', id='unknown field'),
    pytest.param({'num_steps': 0}, 'train.num_steps: expected 1 or more', id='no steps'),
    pytest.param(
      {'mode': 'fine_tune', 'overrides': 'train_config { batch: 3 }'},
      'model.checkpoint: missing.*Also: .*line 1, column 16',
      id='two mistakes at once',
    ),
    pytest.param({'mode': 'resume', 'checkpoint': 'gone/ckpt-0'}, 'no checkpoint at "gone/ckpt-0"', id='dead path'),
  ],
)
def test_mistakes_are_refused_before_anything_runs(arguments, expected):
  with pytest.raises(ConfigError, match=expected):
    patcher(**arguments)


def test_a_base_that_does_not_parse_shows_its_line(tmp_path):
  path = tmp_path / 'mine.config'
  path.write_text('model {\n  sssd {}\n}')

  with pytest.raises(ConfigError, match=r'mine\.config, line 2'):
    patcher(base=str(path))


def test_a_base_for_tf1_is_refused_with_the_successor_of_its_model(tmp_path):
  path = tmp_path / 'old.config'
  path.write_text(builtin_bases.text('ssd_mobilenet_v2_320').replace('ssd_mobilenet_v2_keras', 'ssd_mobilenet_v2'))

  with pytest.raises(ConfigError, match=r'old\.config: .*for TF 1 alone.*"ssd_mobilenet_v2_keras"'):
    patcher(base=str(path))


def test_a_zoo_folder_brings_its_checkpoint_unless_training_starts_from_scratch(tmp_path):
  (tmp_path / 'checkpoint').mkdir()
  (tmp_path / 'pipeline.config').write_text(builtin_bases.text('ssd_mobilenet_v2_320'))
  for name in ('ckpt-0.index', 'ckpt-0.data-00000-of-00001'):
    (tmp_path / 'checkpoint' / name).write_bytes(b'tensors')

  fine_tuned, scratch = (patcher(base=str(tmp_path), mode=mode).exec_properties for mode in ('fine_tune', 'scratch'))

  assert (fine_tuned['checkpoint'], scratch['checkpoint']) == (str(tmp_path), '')
  assert len(fine_tuned['checkpoint_fingerprint']) == 16


@pytest.mark.parametrize('content', [b'\xff\xfe\x00binary', b'', b'train_config { batch_size: 3 }'])
def test_a_base_without_a_model_is_refused(tmp_path, content):
  path = tmp_path / 'mine.config'
  path.write_bytes(content)

  with pytest.raises(ConfigError, match='mine.config'):
    patcher(base=str(path))


def test_the_executor_completes_the_config(run_executor, examples, labels):
  folder = run_executor(overrides={'train_config.max_number_of_boxes': 7}, num_steps='30')

  config = config_io.parse((folder / 'pipeline.config').read_text())
  assert config.model.ssd.num_classes == 2
  assert list(config.train_input_reader.tf_record_input_reader.input_path) == [f'{examples.uri}/Split-train/*']
  assert list(config.eval_input_reader[0].tf_record_input_reader.input_path) == [f'{examples.uri}/Split-eval/*']
  assert config.train_input_reader.label_map_path == f'{labels.uri}/label_map.pbtxt'
  assert (config.train_config.num_steps, config.train_config.max_number_of_boxes) == (30, 7)


def test_the_checkpoint_of_an_archive_comes_to_stand_beside_the_config(run_executor, tmp_path):
  contents = {
    'net/pipeline.config': builtin_bases.text('ssd_mobilenet_v2_320').encode(),
    'net/checkpoint/ckpt-0.index': b'index',
    'net/checkpoint/ckpt-0.data-00000-of-00001': b'tensors',
  }
  archive = str(tmp_path / 'net.tar.gz')
  with tarfile.open(archive, 'w:gz') as tar:
    for name, content in contents.items():
      member = tarfile.TarInfo(name)
      member.size = len(content)
      tar.addfile(member, io.BytesIO(content))
  properties = patcher(base=archive, mode='fine_tune').exec_properties

  folder = run_executor(base=archive, mode='fine_tune', checkpoint=properties['checkpoint'])

  train = config_io.parse((folder / 'pipeline.config').read_text()).train_config
  assert properties['checkpoint'] == archive
  assert train.fine_tune_checkpoint == str(folder / 'checkpoint' / 'ckpt-0')
  assert (folder / 'checkpoint' / 'ckpt-0.data-00000-of-00001').read_bytes() == b'tensors'


def test_equal_input_gives_equal_text(run_executor):
  first = (run_executor() / 'pipeline.config').read_text()

  assert (run_executor() / 'pipeline.config').read_text() == first


def test_a_refused_override_leaves_no_file(run_executor, tmp_path):
  with pytest.raises(ConfigError, match=r'model\.overrides: no field "train_config\.steps"'):
    run_executor(overrides={'train_config.steps': 3})

  assert not list((tmp_path / 'pipeline_config').glob('*'))


@pytest.mark.slow
def test_the_od_apis_own_loop_trains_the_result_unchanged(run_executor, tmp_path):
  path = run_executor(num_steps=2) / 'pipeline.config'
  before = path.read_text()
  from detection.odapi import compat  # noqa: F401  isort: skip
  from object_detection import model_lib_v2

  model_lib_v2.train_loop(str(path), str(tmp_path / 'model'), train_steps=2, num_steps_per_iteration=1)

  assert (tmp_path / 'model' / 'ckpt-1.index').exists()
  assert path.read_text() == before


def test_overrides_survive_the_way_through_json():
  overrides = {'model': {'ssd.freeze_batchnorm': True}, 'train_config.data_augmentation_options': None}

  assert json.loads(patcher(overrides=overrides).exec_properties['overrides']) == overrides


def test_what_a_search_found_wins_over_overrides_and_is_listed_as_tuned(run_executor, tmp_path):
  hyperparameters.write(str(tmp_path / 'found'), {'learning_rate': 0.25, 'train_config.max_number_of_boxes': 9})

  folder = run_executor(overrides={'train_config.max_number_of_boxes': 7}, hyperparameters=tmp_path / 'found')

  train = config_io.parse((folder / 'pipeline.config').read_text()).train_config
  assert train.max_number_of_boxes == 9
  assert schedule.peak(schedule.learning_rate(train.optimizer)) == pytest.approx(0.25)
  assert 'max_number_of_boxes: 100 -> 9  # tuned' in (folder / 'changes.txt').read_text()


@pytest.mark.parametrize(
  ('content', 'expected'),
  [(None, 'no hyperparameters.json there'), ('{', 'not JSON'), ('[1]', r'expected a JSON object .*received \[1\]')],
)
def test_hyperparameters_that_are_none_are_refused(tmp_path, content, expected):
  if content is not None:
    (tmp_path / hyperparameters.FILE_NAME).write_text(content)

  with pytest.raises(ConfigError, match=expected):
    hyperparameters.read(str(tmp_path))
