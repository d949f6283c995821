"""Keeps third-party notes off the screen of commands whose output is for people to read."""

import contextlib
import os
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def third_party() -> Iterator[None]:
  """Silences TensorFlow's greetings, TFX's log and deprecation warnings while the block imports and uses them."""
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    from absl import logging

    logging.set_verbosity(logging.ERROR)
    yield
