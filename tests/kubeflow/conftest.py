"""Shared by the tests of kubeflow/."""

import os
import pathlib
import sys

import pytest

from kubeflow.compiler import kfp_v2
from kubeflow.settings import KubeflowConfig

SUPPORT = pathlib.Path(__file__).parents[1] / 'support'
# kubeflow_toy is imported under one name by tests and by the steps they run. `tests.support` would not do: a package
# called tests in site-packages hides it from the steps.
sys.path.insert(0, str(SUPPORT))


@pytest.fixture(autouse=True)
def _steps_find_the_toy_components(monkeypatch):
  # Steps run in their pod's folder; the toy pipeline's executors are in tests/, and the code under test is this one's.
  monkeypatch.setenv('PYTHONPATH', f'{SUPPORT}{os.pathsep}{SUPPORT.parents[1]}')
  monkeypatch.setenv('TF_CPP_MIN_LOG_LEVEL', '3')
  monkeypatch.setenv('PYTHONWARNINGS', 'ignore')


@pytest.fixture
def compile_toy(tmp_path):
  """Compiles a pipeline with a kubeflow section; returns the file."""

  def compile_(pipeline, **section):
    output = str(tmp_path / 'pipeline.yaml')
    kfp_v2.compile_pipeline(pipeline, KubeflowConfig(**section), output)
    return output

  return compile_
