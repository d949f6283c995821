"""What a user can correct is told from a bug by its class, and a wrong config from a failed run by its exit status."""

import pytest

from detection.base import errors


@pytest.mark.parametrize(('kind', 'status'), [(errors.UserError, 1), (errors.DataError, 1), (errors.ConfigError, 2)])
def test_every_error_of_the_user_has_its_exit_status(kind, status):
  assert issubclass(kind, errors.UserError)
  assert kind('x').exit_status == status


def test_several_mistakes_become_one_line():
  problems = ['first.']

  with errors.collected(problems):
    raise errors.ConfigError('second.')

  assert errors.joined(problems) == 'first. Also: second.'


def test_a_bug_is_not_collected():
  with pytest.raises(ZeroDivisionError), errors.collected([]):
    raise ZeroDivisionError
