"""Shared by the tests of KFP's programs: the harness around the real ones, and around stand-ins."""

import pathlib
import sys

import pytest

from kubeflow.compiler import compiled_file
from tests.support.environments import PROJECT
from tests.support.kfp import cluster
from tests.support.kfp.workflow import Workflow

SUPPORT = PROJECT / 'tests/support/kfp'


@pytest.fixture(scope='module')
def stand_ins(tmp_path_factory):
  """{'driver', 'launcher'}: programs that take the flags of KFP's, and are not KFP's."""
  folder = tmp_path_factory.mktemp('stand-ins')
  made = {}
  for kind in ('driver', 'launcher'):
    path = folder / f'stand-in-{kind}'
    state = folder / 'state.json'
    path.write_text(f'#!/bin/sh\nSTAND_IN_STATE={state} exec {sys.executable} {SUPPORT}/stand_in_{kind}.py "$@"\n')
    path.chmod(0o755)
    made[kind] = str(path)
  return made


@pytest.fixture(scope='module')
def stand_in_cluster(stand_ins, tmp_path_factory):
  """All services, around the stand-ins."""
  with cluster.running(stand_ins['driver'], stand_ins['launcher'], tmp_path_factory.mktemp('pods')) as running:
    yield running


@pytest.fixture
def workflow(tmp_path):
  """Makes a run of a compiled file on a cluster."""

  def make(on: cluster.Cluster, path: str | pathlib.Path, *parameters: str, **options) -> Workflow:
    folder = tmp_path / f'workflow-{len(list(tmp_path.glob("workflow-*")))}'
    return Workflow(on, compiled_file.read(str(path)), folder, list(parameters), **options)

  return make
