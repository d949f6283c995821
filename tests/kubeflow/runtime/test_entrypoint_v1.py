"""What a step's container runs under KFP v1."""

import signal

import pytest

from detection.base.errors import DataError
from kubeflow.runtime import entrypoint, entrypoint_v1
from tests.support.stacks import legacy_only

pytestmark = legacy_only
_MAIN = 'tfx.orchestration.kubeflow.container_entrypoint.main'


@pytest.fixture(autouse=True)
def _signals_stay():
  before = signal.getsignal(signal.SIGTERM)
  yield
  signal.signal(signal.SIGTERM, before)


def test_tfx_gets_the_arguments_and_sigterm_ends_the_step_in_order(monkeypatch):
  given = []
  monkeypatch.setattr(_MAIN, given.extend)
  assert entrypoint_v1.main(['--node_id', 'Count']) == 0
  assert given == ['--node_id', 'Count']
  assert signal.getsignal(signal.SIGTERM) is entrypoint.end


def test_a_users_mistake_is_one_line_and_its_status(monkeypatch, capsys):
  def refuse(_):
    raise DataError('photo.jpg: cut short.')

  monkeypatch.setattr(_MAIN, refuse)
  assert entrypoint_v1.main([]) == 1
  assert capsys.readouterr().err == 'photo.jpg: cut short.\n'
