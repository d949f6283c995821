"""The fixtures by which these tests run ConfigPatcher."""

from tests.support.config_patcher_runs import examples, labels, run_executor  # noqa: F401
