"""Versions below a destination: pruned, or taken back."""

import subprocess

import pytest

from components.pusher import publish, versions
from detection import model_folder
from detection.base.errors import ConfigError


def test_a_version_that_was_taken_back_is_not_served_and_its_number_not_given_again(models, tmp_path):
  for number in range(2):
    publish.publish(models(number), str(tmp_path), clock=lambda: 5)
  assert versions.withdraw(str(tmp_path)) == (6, 5)
  assert model_folder.find_saved_model(str(tmp_path)) == str(tmp_path / '5')
  assert publish.publish(models(2), str(tmp_path), clock=lambda: 5).version == 7


@pytest.mark.parametrize('count', [0, 1])
def test_the_only_version_is_not_taken_back(models, tmp_path, count):
  for number in range(count):
    publish.publish(models(number), str(tmp_path))
  with pytest.raises(ConfigError, match='Expected two or more'):
    versions.withdraw(str(tmp_path))


def test_old_versions_of_another_user_stay_and_that_is_said(colour_model, other_model, public, as_another_user):
  destination = public / 'serving'
  for model in (str(colour_model), other_model):
    publish.publish(model, str(destination))
  subprocess.run(['chmod', '-R', 'a+rX,a-w', public], check=True)
  before = model_folder.versions(str(destination))
  with as_another_user(), pytest.raises(ConfigError) as error:
    versions.prune(str(destination), keep=1)
  subprocess.run(['chmod', '-R', 'u+w', public], check=True)
  assert str(error.value).startswith('push.keep_versions: old versions')
  assert '\n' not in str(error.value)
  assert model_folder.versions(str(destination)) == before


def test_pruning_leaves_what_is_not_whole_out_of_account(colour_model, other_model, tmp_path):
  """On an object store a version without saved_model.pb is on its way, or its pusher was killed."""
  for number, model in enumerate((str(colour_model), other_model), start=5):
    publish.publish(model, str(tmp_path), clock=lambda number=number: number)
  (tmp_path / '9' / 'variables').mkdir(parents=True)
  assert versions.prune(str(tmp_path), keep=1) == [5]
  assert model_folder.versions(str(tmp_path)) == [6, 9]
