"""The executor on drawn examples: a complete config, and what was found about it."""

import io
import json
import tarfile

import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io, config_path
from detection.pipeline_config import builtin_bases, hyperparameters, recipe, schedule


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
  properties = recipe.read(recipe.Options(archive, 10, 2, 'fine_tune')).parameters()

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
  from detection.odapi import compat

  compat.apply()
  from object_detection import model_lib_v2

  model_lib_v2.train_loop(str(path), str(tmp_path / 'model'), train_steps=2, num_steps_per_iteration=1)

  assert (tmp_path / 'model' / 'ckpt-1.index').exists()
  assert path.read_text() == before


def test_what_a_search_found_wins_over_overrides_and_is_listed_as_tuned(run_executor, tmp_path):
  hyperparameters.write(str(tmp_path / 'found'), {'learning_rate': 0.25, 'train_config.max_number_of_boxes': 9})

  folder = run_executor(overrides={'train_config.max_number_of_boxes': 7}, hyperparameters=tmp_path / 'found')

  train = config_io.parse((folder / 'pipeline.config').read_text()).train_config
  assert train.max_number_of_boxes == 9
  assert schedule.peak(schedule.learning_rate(train.optimizer)) == pytest.approx(0.25)
  assert 'max_number_of_boxes: 100 -> 9  # tuned' in (folder / 'changes.txt').read_text()


def test_the_executor_fits_anchors_when_asked_and_leaves_its_findings(run_executor):
  scale = 'model.ssd.anchor_generator.multiscale_anchor_generator.anchor_scale'
  small = {'text': 'model { ssd { anchor_generator { multiscale_anchor_generator { anchor_scale: 0.25 } } } }'}

  folder = run_executor(overrides=small)
  before = json.loads((folder / 'checks.json').read_text())['anchored']
  fitted_folder = run_executor(overrides={**small, 'fit_anchors': True})
  after = json.loads((fitted_folder / 'checks.json').read_text())['anchored']

  assert sorted(p.name for p in folder.iterdir()) == ['changes.txt', 'checks.json', 'checks.txt', 'pipeline.config']
  assert config_path.get(config_io.parse((fitted_folder / 'pipeline.config').read_text()), scale) > 0.25
  assert after['all'] > before['all'] + 0.2
