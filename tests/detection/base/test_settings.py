"""Typed settings: what a user wrote wrong is said in one line, all of it together."""

import pytest
from pydantic import v1 as pydantic

from detection.base.errors import ConfigError
from detection.base.settings import Settings, parse_settings


class Wheels(Settings):
  count: pydantic.PositiveInt = 4
  width_mm: int = 200


class Car(Settings):
  colour: str
  wheels: Wheels = Wheels()
  doors: list[int] = []


def test_nested_values_are_read():
  assert parse_settings(Car, {'colour': 'red', 'wheels': {'count': 3}}, 'car.yaml').wheels == Wheels(count=3)


@pytest.mark.parametrize(
  ('data', 'expected'),
  [
    pytest.param({}, 'car.yaml: colour: missing. Set it.', id='what must be set'),
    pytest.param(
      {'colour': 'red', 'wheels': {'cuont': 3}},
      'car.yaml: unknown key "wheels.cuont"; nearest: "wheels.count".',
      id='a misspelt key, with the nearest one of its own level',
    ),
    pytest.param(
      {'colour': 'red', 'zzz': 3},
      'car.yaml: unknown key "zzz"; known: colour, doors, wheels.',
      id='a key like no other, with those there are',
    ),
    pytest.param({'colour': 'red', 'wheels': {'count': 0}}, r'wheels.count: .*than 0; received 0', id='a value'),
    pytest.param({'colour': 'red', 'doors': [1, 'x']}, r'doors.1: .*integer; received .x.', id='a value in a list'),
    pytest.param({'wheels': 3}, r'colour: missing.*Also: wheels: .*dict; received 3', id='two problems at once'),
  ],
)
def test_what_is_wrong_is_one_line(data, expected):
  with pytest.raises(ConfigError, match=expected) as caught:
    parse_settings(Car, data, 'car.yaml')
  assert '\n' not in str(caught.value)


def test_settings_cannot_be_changed_afterwards():
  with pytest.raises(TypeError):
    Wheels().count = 5
