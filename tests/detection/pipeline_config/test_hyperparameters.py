"""What a search found, as a file."""

import pytest

from detection.base.errors import ConfigError
from detection.pipeline_config import hyperparameters


def test_values_are_read_as_they_were_written(tmp_path):
  values = {'learning_rate': 0.25, 'augment': ['horizontal_flip']}

  hyperparameters.write(str(tmp_path), values)

  assert hyperparameters.read(str(tmp_path)) == values
  assert hyperparameters.read(str(tmp_path / hyperparameters.FILE_NAME)) == values


@pytest.mark.parametrize(
  ('content', 'expected'),
  [
    (None, 'no hyperparameters.json there'),
    ('{', 'not JSON'),
    ('[1]', r'expected a JSON object .*received \[1\]'),
    ('{"a": 1, "a": 2}', 'the key "a" is there twice'),
    ('[' * 100_000, 'not JSON'),
  ],
)
def test_hyperparameters_that_are_none_are_refused(tmp_path, content, expected):
  if content is not None:
    (tmp_path / hyperparameters.FILE_NAME).write_text(content)

  with pytest.raises(ConfigError, match=expected):
    hyperparameters.read(str(tmp_path))
