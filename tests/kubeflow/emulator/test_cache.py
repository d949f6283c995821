"""Which tasks KFP takes for equal."""

import copy
import os

import pytest

from kubeflow.emulator import cache

CONTAINER = {'image': 'i:1', 'command': ['run', '{{$}}'], 'args': [], 'resources': {'cpuLimit': 1}}
SENT = {
  'inputs': {
    'parameterValues': {'n': 1},
    'artifacts': {'examples': {'artifacts': [{'uri': 's3://b/1', 'metadata': {'n': 1}}]}},
  },
  'outputs': {
    'artifacts': {'model': {'artifacts': [{'uri': 's3://b/run-1/model', 'type': {'schemaTitle': 'tfx.Model'}}]}},
    'parameters': {'out': {'outputFile': '/tmp/1'}},
  },
}


def changed(path, value):
  """(container, sent) with one value replaced; `path` begins with 'container' or 'sent'."""
  both = {'container': copy.deepcopy(CONTAINER), 'sent': copy.deepcopy(SENT)}
  holder = both
  for key in path[:-1]:
    holder = holder[key]
  holder[path[-1]] = value
  return both['container'], both['sent']


EXAMPLES = ('sent', 'inputs', 'artifacts', 'examples', 'artifacts', 0)
MODEL = ('sent', 'outputs', 'artifacts', 'model', 'artifacts', 0)


@pytest.mark.parametrize(
  ('path', 'value', 'equal'),
  [
    pytest.param(('container', 'image'), 'i:2', False, id='the image'),
    pytest.param(('container', 'command'), ['walk'], False, id='the command'),
    pytest.param(('container', 'env'), [{'name': 'A', 'value': '1'}], True, id='not variables'),
    pytest.param(('container', 'resources'), {}, True, id='not resources'),
    pytest.param(('sent', 'inputs', 'parameterValues', 'n'), 2, False, id='a parameter'),
    pytest.param((*EXAMPLES, 'uri'), 's3://b/2', False, id='another input'),
    pytest.param((*EXAMPLES, 'metadata'), {'n': 2}, True, id="not an input's metadata"),
    pytest.param((*MODEL, 'type'), {'schemaTitle': 'tfx.Examples'}, False, id='the type of an output'),
    pytest.param((*MODEL, 'uri'), 's3://b/run-2/model', True, id='not where an output goes'),
    pytest.param(('sent', 'outputs', 'parameters', 'out', 'outputFile'), '/tmp/2', True, id='not the file of a value'),
  ],
)
def test_what_tells_two_tasks_apart(path, value, equal):
  same = cache.fingerprint('pets', CONTAINER, SENT) == cache.fingerprint('pets', *changed(path, value))
  assert same == equal


def test_a_task_of_another_pipeline_is_another_task():
  assert cache.fingerprint('pets', CONTAINER, SENT) != cache.fingerprint('cars', CONTAINER, SENT)


def test_a_task_that_mounts_another_volume_is_another_task():
  mounted = [cache.fingerprint('pets', CONTAINER, SENT, claims) for claims in ([], ['a'], ['a', 'b'], ['b', 'a', 'a'])]
  assert len(set(mounted)) == 3
  assert mounted[2] == mounted[3]


def test_the_latest_outputs_with_the_fingerprint_are_found(tmp_path):
  for age, (run, key) in enumerate((('run-1', 'a'), ('run-2', 'a'), ('run-3', 'b'))):
    (tmp_path / run / 'Count').mkdir(parents=True)
    cache.keep(tmp_path / run / 'Count', key, cache.Outputs(run, {'model': {'uri': run}}, {'n': 1}))
    os.utime(tmp_path / run / 'Count' / 'outputs.json', (age, age))
  assert cache.find(tmp_path, 'a') == cache.Outputs('run-2', {'model': {'uri': 'run-2'}}, {'n': 1})
  assert cache.find(tmp_path, 'c') is None


@pytest.mark.parametrize(('options', 'expected'), [({}, False), ({'cachingOptions': {'enableCache': True}}, True)])
def test_a_task_is_cacheable_if_the_compiled_file_says_so(options, expected):
  assert cache.is_cacheable(options) == expected
