"""YAML that a person wrote: what is taken, and what is refused with its line."""

import pytest
import yaml

from detection.base import strict_yaml


def test_what_pyyaml_reads_safely_is_read_the_same():
  text = 'base: &base {a: 1, b: [x, 2.5]}\nmore: {<<: *base, a: 2}\nday: 2024-02-29\n'
  assert strict_yaml.load(text) == yaml.safe_load(text)
  assert strict_yaml.load('') is None
  assert strict_yaml.load_all('a: 1\n---\na: 2\n') == [{'a': 1}, {'a': 2}]


@pytest.mark.parametrize(
  ('text', 'problem'),
  [
    pytest.param('a: 1\nb: 2\na: 3', 'line 3: the key "a" is there a second time, first on line 1', id='at the top'),
    pytest.param('top:\n- {a: 1, a: 1}', 'line 2: the key "a"', id='within a list, with equal values'),
    pytest.param('{' * 100, 'line 1: nested deeper than 64', id='too deep'),
    pytest.param('a: 2024-13-45', 'line 1: month must be in', id='no date'),
    pytest.param('a: b: c', 'line 1: mapping values are not allowed here', id='no YAML'),
    pytest.param('a: \x00', 'unacceptable character', id='no text'),
    pytest.param('a: !!python/name:os.system', 'could not determine a constructor', id='code'),
  ],
)
def test_what_is_refused_is_named_in_one_line(text, problem):
  with pytest.raises(yaml.YAMLError) as caught:
    strict_yaml.load(text)
  explained = strict_yaml.explain(caught.value)
  assert problem in explained
  assert '\n' not in explained


def test_depth_is_counted_from_the_top_not_in_all():
  text = '\n'.join(f'k{number}: ' + '[' * 60 + ']' * 60 for number in range(3))
  assert len(strict_yaml.load(text)) == 3
