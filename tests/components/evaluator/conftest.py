"""The metrics' hand-made images serve the evaluator too."""

from tests.components.metrics.conftest import make  # noqa: F401 - a fixture
