"""Runs of ConfigPatcher on drawn examples, as fixtures."""

import json

import pytest
from tfx.types import standard_artifacts

from components import artifacts
from detection.odapi import label_map
from tests.support.drawn_examples import LABELS, write_examples


@pytest.fixture(scope='session')
def examples(tmp_path_factory):
  return write_examples(tmp_path_factory.mktemp('examples') / 'examples', {'train': 8, 'eval': 4})


@pytest.fixture(scope='session')
def labels(tmp_path_factory):
  folder = tmp_path_factory.mktemp('labels')
  (folder / artifacts.LabelMap.FILE_NAME).write_text(label_map.dump(LABELS))
  artifact = artifacts.LabelMap()
  artifact.uri = str(folder)
  return artifact


@pytest.fixture
def run_executor(examples, labels, tmp_path):
  """Runs the executor as TFX does, and returns the folder of the pipeline_config artifact."""
  from components.config_patcher import executor
  from detection.pipeline_config.base import read_base

  def run(base='ssd_mobilenet_v2_fpnlite_cpu_160', overrides=None, hyperparameters=None, **properties):
    output = artifacts.PipelineConfig()
    output.uri = str(tmp_path / 'pipeline_config')
    found = read_base(base)
    exec_properties = {
      'base_name': found.name,
      'base_config': found.text,
      'checkpoint': '',
      'mode': 'scratch',
      'num_steps': 20,
      'batch_size': 4,
      'overrides': json.dumps(overrides or {}),
      **properties,
    }
    inputs = {'examples': [examples], 'label_map': [labels]}
    if hyperparameters:
      inputs['hyperparameters'] = [standard_artifacts.HyperParameters()]
      inputs['hyperparameters'][0].uri = str(hyperparameters)
    executor.Executor().Do(inputs, {'pipeline_config': [output]}, exec_properties)
    return tmp_path / 'pipeline_config'

  return run
