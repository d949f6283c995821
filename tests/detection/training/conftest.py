"""A small training that these tests share; building, tracing and exporting are what costs."""

import pytest

from detection.odapi import label_map
from detection.odapi.config import config_io


@pytest.fixture(scope='session')
def patched(finished_run):
  """(config, labels) of the finished run: a fresh config each time it is called."""
  text = (finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config').read_text()
  labels = label_map.parse((finished_run.artifact('LabelMapGen', 'label_map') / 'label_map.pbtxt').read_text())
  return lambda: (config_io.parse(text), labels)
