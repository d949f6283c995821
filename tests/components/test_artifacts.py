"""The project's artifact types, and the files of a split."""

import importlib

import pytest
from tfx.types import standard_artifacts

from components import artifacts
from detection.base.errors import DataError


@pytest.mark.parametrize(
  'artifact_type', [artifacts.LabelMap, artifacts.PipelineConfig, artifacts.IngestReport, artifacts.ExportedModels]
)
def test_kubeflow_can_import_a_type_by_its_name(artifact_type):
  module, _, name = artifact_type.TYPE_NAME.rpartition('.')
  assert getattr(importlib.import_module(module), name) is artifact_type
  assert artifact_type.PROPERTIES is None  # KFP refuses properties on custom types


@pytest.fixture
def examples():
  artifact = standard_artifacts.Examples()
  artifact.uri = '/examples'
  artifact.splits = ['train', 'eval']
  return artifact


def test_a_splits_files_are_found_by_a_pattern(examples):
  assert artifacts.split_pattern(examples, 'eval') == '/examples/Split-eval/*'


def test_a_split_that_there_is_not_is_refused(examples):
  with pytest.raises(DataError, match='/examples: no split "test".*received train, eval'):
    artifacts.split_pattern(examples, 'test')
