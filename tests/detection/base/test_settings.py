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
  horn: bool = True
  litres: pydantic.PositiveInt | None = None
  price: pydantic.StrictInt | float = 0


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
      'car.yaml: unknown key "zzz"; known: colour, doors, horn, litres, price, wheels.',
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


@pytest.mark.parametrize(
  ('data', 'expected'),
  [
    pytest.param({'wheels': {'count': 2.7}}, 'wheels.count: expected a whole number; received 2.7', id='a fraction'),
    pytest.param({'wheels': {'width_mm': True}}, 'width_mm: expected a whole number; received True', id='yes for 1'),
    pytest.param({'litres': 1.5}, 'litres: expected a whole number; received 1.5', id='where there may be none'),
    pytest.param({'doors': [2, 0.5]}, 'doors.1: expected a whole number; received 0.5', id='one of a list'),
    pytest.param({'litres': float('inf')}, 'litres: expected a whole number; received inf', id='infinity'),
    pytest.param({'price': True}, 'price: expected a number; received True', id='yes for 1.0'),
  ],
)
def test_no_number_becomes_another_without_a_word(data, expected):
  with pytest.raises(ConfigError, match=expected):
    parse_settings(Car, {'colour': 'red', **data}, 'car.yaml')


def test_whole_numbers_are_read_however_they_are_written_and_fractions_where_they_may_be():
  car = parse_settings(Car, {'colour': 'red', 'wheels': {'count': 2.0}, 'litres': '3', 'price': 2.5}, 'car.yaml')
  assert (car.wheels.count, car.litres, car.price, car.horn) == (2, 3, 2.5, True)


def test_settings_cannot_be_changed_afterwards():
  with pytest.raises(TypeError):
    Wheels().count = 5
