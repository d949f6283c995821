"""Marks of tests that are for one of the two stacks."""

import importlib.metadata

import pytest

from detection.base import files

_TFX = importlib.metadata.version('tfx')

legacy_only = pytest.mark.skipif(not _TFX.startswith('1.15.'), reason=f'KFP v1 needs TFX 1.15; this is TFX {_TFX}')
s3_without_tensorflow = pytest.mark.skipif(
  files.tensorflow_opens('s3://bucket'), reason='TensorFlow itself has s3:// here, by tensorflow-io'
)


def only_where_needed(mend):
  """Skips on a stack whose library does not break, and says so."""
  there = importlib.metadata.version(mend.VERSIONS.package)
  reason = f'{mend.VERSIONS.package} {there} does not break: {mend.__name__} is for {mend.VERSIONS.since} and later'
  return pytest.mark.skipif(not mend.VERSIONS.installed(), reason=reason)
