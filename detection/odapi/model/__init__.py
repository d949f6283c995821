"""Detection models of the OD API: inputs, restoring, training steps, export."""

from detection.odapi import compat

compat.apply()  # before any module here imports the OD API
