"""What a step's container runs under KFP v1."""

import re
import signal
import sys

import pytest

from detection.base.errors import DataError
from kubeflow.runtime import entrypoint, entrypoint_v1
from tests.support.stacks import legacy_only

_MAIN = 'tfx.orchestration.kubeflow.container_entrypoint.main'


@pytest.fixture(autouse=True)
def _signals_stay():
  before = signal.getsignal(signal.SIGTERM)
  yield
  signal.signal(signal.SIGTERM, before)


@legacy_only
def test_tfx_gets_the_arguments_and_sigterm_ends_the_step_in_order(monkeypatch):
  given = []
  monkeypatch.setattr(_MAIN, given.extend)
  assert entrypoint_v1.main(['--node_id', 'Count']) == 0
  assert given == ['--node_id', 'Count']
  assert signal.getsignal(signal.SIGTERM) is entrypoint.end


@legacy_only
def test_a_users_mistake_is_one_line_and_its_status(monkeypatch, capsys):
  def refuse(_):
    raise DataError('photo.jpg: cut short.')

  monkeypatch.setattr(_MAIN, refuse)
  assert entrypoint_v1.main([]) == 1
  assert capsys.readouterr().err == 'photo.jpg: cut short.\n'


def test_an_image_of_the_other_stack_is_one_line_and_status_2(monkeypatch, capsys):
  monkeypatch.setitem(sys.modules, 'tfx.orchestration.kubeflow.container_entrypoint', None)  # as in TFX 1.21
  monkeypatch.delattr('tfx.orchestration.kubeflow.container_entrypoint', raising=False)
  assert entrypoint_v1.main([]) == 2
  assert re.fullmatch('image: expected one of the legacy stack .* STACK=legacy .*\n', capsys.readouterr().err)
