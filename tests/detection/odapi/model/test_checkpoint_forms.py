"""Every way to point at a checkpoint, with one that the project trained."""

import shutil
import tarfile

import numpy as np
import pytest
import tensorflow as tf

from detection.odapi.config import config_io
from detection.odapi.model import building, restore
from detection.pipeline_config import recipe

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def model(finished_run):
  config = finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config'
  return building.build_model(config_io.parse(config.read_text()))


@pytest.fixture(scope='module')
def exported(finished_run, tmp_path_factory):
  """The trainer's model folder, a pushed version of it, and the former packed as the model zoo packs."""
  folder = finished_run.artifact('ODAPITrainer', 'model')
  home = tmp_path_factory.mktemp('forms')
  shutil.copytree(folder / 'checkpoint', home / 'net' / 'checkpoint')
  shutil.copy(folder / 'pipeline.config', home / 'net')
  with tarfile.open(home / 'net.tar.gz', 'w:gz') as archive:
    archive.add(home / 'net', 'net')
  serving = finished_run.pushed
  version = max((path for path in serving.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
  return {'model': folder, 'archive': home / 'net.tar.gz', 'pushed': version}


@pytest.mark.parametrize(
  'form',
  [
    pytest.param('{model}/checkpoint/ckpt-0', id='prefix'),
    pytest.param('{model}/checkpoint/ckpt-0.index', id='index'),
    pytest.param('{model}/checkpoint/ckpt-0.data-00000-of-00001', id='data'),
    pytest.param('{model}/checkpoint', id='folder'),
    pytest.param('{archive}', id='zoo archive'),
    pytest.param('{model}', id='exported model folder'),
    pytest.param('{model}/Format-Serving', id='SavedModel'),
    pytest.param('{pushed}', id='pushed version'),
  ],
)
def test_a_checkpoint_may_be_given_as(form, exported, model, tmp_path):
  requested = recipe.read(recipe.Options('ssd_mobilenet_v2_fpnlite_cpu_160', 4, 4, 'resume', form.format(**exported)))
  prefix = requested.request('train', 'eval', 'label_map.pbtxt', {'circle': 1}, str(tmp_path)).checkpoint
  variables = building.all_variables(model)
  for variable in variables:
    variable.assign(tf.zeros_like(variable))
  report = restore.restore(model, prefix, 'full')
  got = [variable.numpy() for variable in variables]
  assert report.fresh == {}
  tf.train.Checkpoint(model=model).restore(f'{exported["model"]}/checkpoint/ckpt-0').assert_existing_objects_matched()
  assert all(np.array_equal(value, variable.numpy()) for value, variable in zip(got, variables, strict=True))


def test_a_pushed_model_gives_its_backbone_too(exported, model):
  report = restore.restore(model, str(exported['pushed'] / 'variables' / 'variables'), 'detection')
  assert report.backbone[0] == report.backbone[1]
  assert report.fresh
  assert all('BoxPredictor' in name for name in report.fresh)
