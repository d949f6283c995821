"""CropClassifier's wiring: what it refuses when it is built, and what makes another step of it."""

import pytest
from tfx.types import channel, standard_artifacts

from components.artifacts import LabelMap
from components.crop_classifier.component import CropClassifier
from detection.base.errors import ConfigError, DataError


@pytest.fixture
def build():
  channels = channel.Channel(type=standard_artifacts.Examples), channel.Channel(type=LabelMap)
  return lambda *args, **options: CropClassifier(*channels, *args, **options)


def test_exactly_one_detector_is_expected(build):
  with pytest.raises(ConfigError, match='received neither'):
    build()
  with pytest.raises(ConfigError, match='received both'):
    build(channel.Channel(type=standard_artifacts.Model), {'detector': 'there'}, check_paths=False)
  with pytest.raises(DataError, match='nowhere: no SavedModel'):
    build(settings={'detector': 'nowhere'})


def test_an_unknown_setting_is_refused_by_name(build):
  with pytest.raises(ConfigError, match='two_stage: unknown key "clasifier"; nearest: "classifier"'):
    build(settings={'clasifier': 'svm'})


def test_another_detector_at_the_same_path_is_another_step(build, tmp_path):
  digests = []
  for graph in ('one', 'one', 'other'):
    (tmp_path / 'saved_model.pb').write_text(graph)
    digests.append(build(settings={'detector': str(tmp_path)}).exec_properties['detector_digest'])
  assert digests[0] == digests[1] != digests[2]
