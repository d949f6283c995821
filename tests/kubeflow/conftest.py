"""Shared by the tests of kubeflow/."""

import pathlib
import sys

import pytest

from kubeflow import compiler
from kubeflow.settings import KubeflowConfig

HERE = pathlib.Path(__file__).parent
# kubeflow_toy is imported under one name by tests and by the steps they run. `tests.kubeflow` would not do: a package
# called tests in site-packages hides it from the steps.
sys.path.insert(0, str(HERE))


@pytest.fixture(autouse=True)
def _steps_find_the_toy_components(monkeypatch):
  # Steps run in their pod's folder; the toy pipeline's executors are in tests/.
  monkeypatch.setenv('PYTHONPATH', str(HERE))
  monkeypatch.setenv('TF_CPP_MIN_LOG_LEVEL', '3')
  monkeypatch.setenv('PYTHONWARNINGS', 'ignore')


@pytest.fixture
def compile_toy(tmp_path):
  """Compiles a pipeline with a kubeflow section; returns the file."""

  def compile_(pipeline, **section):
    output = str(tmp_path / 'pipeline.yaml')
    compiler.compile_pipeline(pipeline, KubeflowConfig(**section), output)
    return output

  return compile_
