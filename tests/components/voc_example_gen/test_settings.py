"""What a user can choose, and how a mistyped choice is refused."""

import pytest

from components.voc_example_gen import settings
from components.voc_example_gen.settings import IngestSettings
from detection.base.errors import ConfigError
from detection.base.settings import parse_settings


@pytest.mark.parametrize(
  ('given', 'message'),
  [
    (
      {'data_format': 'vok'},
      "data_format: unexpected value; permitted: 'auto', 'voc', 'coco', 'yolo', 'csv', 'images'; nearest: 'voc'; "
      "received 'vok'.",
    ),
    (
      {'split': {'method': 'stratify'}},
      "split.method: unexpected value; permitted: 'auto', 'imagesets', 'declared', 'folders', 'hash', 'stratified'; "
      "nearest: 'stratified'; received 'stratify'.",
    ),
  ],
)
def test_an_unknown_name_is_refused_with_the_known_and_the_nearest_one(given, message):
  with pytest.raises(ConfigError) as caught:
    parse_settings(IngestSettings, given, 'data')
  assert message in str(caught.value)


def test_a_run_config_may_name_labelled_formats_alone():
  assert settings.LABELLED_FORMATS == ('auto', 'voc', 'coco', 'yolo', 'csv')
