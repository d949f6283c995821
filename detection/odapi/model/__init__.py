"""Detection models of the OD API: inputs, restoring, training steps, export."""

from detection.odapi import compat  # noqa: F401 - mends the OD API before any module here imports it
