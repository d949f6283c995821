import pytest

from detection.odapi.model import devices


@pytest.mark.parametrize(
  ('tf_config', 'expected'),
  [
    pytest.param('', (0, 1), id='none'),
    pytest.param('{}', (0, 1), id='empty'),
    pytest.param('{"cluster": {"chief": ["a"], "worker": ["b", "c"]}, "task": {"type": "chief", "index": 0}}', (0, 3)),
    pytest.param('{"cluster": {"chief": ["a"], "worker": ["b", "c"]}, "task": {"type": "worker", "index": 1}}', (2, 3)),
    pytest.param('{"cluster": {"worker": ["a", "b"]}, "task": {"type": "worker", "index": 0}}', (0, 2), id='no chief'),
  ],
)
def test_which_node_this_is(monkeypatch, tf_config, expected):
  monkeypatch.setenv('TF_CONFIG', tf_config)

  assert devices.node() == expected
