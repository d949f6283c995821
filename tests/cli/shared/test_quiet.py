"""What is kept off the screen."""

import warnings

from absl import logging

from cli.shared import quiet


def test_warnings_and_notes_are_silent_inside_the_block_alone(capsys):
  with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter('always')
    with quiet.third_party():
      warnings.warn('deprecated', DeprecationWarning, stacklevel=1)
      logging.warning('a note')
    warnings.warn('after the block', UserWarning, stacklevel=1)
  assert [str(one.message) for one in told] == ['after the block']
  assert 'a note' not in capsys.readouterr().err
