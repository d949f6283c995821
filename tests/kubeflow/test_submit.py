"""Submitting to a stub of the KFP API server, which holds every request against the published API description."""

import contextlib
import email.parser
import http.server
import json
import re
import subprocess
import threading
import urllib.parse

import kubeflow_toy as toy
import pytest

from detection.base.errors import ConfigError
from kubeflow import submit
from tests.support.environments import PROJECT, python_with

KFP_SERVER_API = 'kfp-server-api==2.17.3'


@pytest.fixture(scope='session')
def description():
  python = python_with('kfp-server-api', KFP_SERVER_API)
  script = PROJECT / 'tests/support/describe_kfp_api.py'
  return json.loads(subprocess.check_output([python, str(script)]))


class Stub(http.server.ThreadingHTTPServer):
  """A KFP server in memory. `mistakes` are requests that the API description does not allow."""

  def __init__(self, description, states=('PENDING', 'RUNNING', 'SUCCEEDED')):
    super().__init__(('127.0.0.1', 0), Handler)
    self.description, self.states = description, list(states)
    self.mistakes, self.pipelines, self.versions, self.experiments, self.runs = [], {}, [], {}, []
    self.headers_seen = []

  @property
  def address(self):
    return f'http://127.0.0.1:{self.server_port}'


class Handler(http.server.BaseHTTPRequestHandler):
  def log_message(self, *_):
    pass

  def do_GET(self):
    self._answer('GET')

  def do_POST(self):
    self._answer('POST')

  def _answer(self, method):
    path, _, query = self.path.partition('?')
    query = dict(urllib.parse.parse_qsl(query))
    content = self.rfile.read(int(self.headers.get('Content-Length', 0)))
    self.server.headers_seen.append(dict(self.headers))
    declared = self._declared(method, path)
    if declared is None:
      self.server.mistakes.append(f'no such call: {method} {path}')
      return self._send(404, {'message': 'no such call'})
    files, body = {}, None
    if declared['files']:
      files = self._files(content)
    elif content:
      body = json.loads(content)
    self._check(declared, query, files, body)
    return self._send(*self._act(method, path, query, files, body))

  def _declared(self, method, path):
    for call, declared in self.server.description['paths'].items():
      verb, _, template = call.partition(' ')
      if verb == method and re.fullmatch(re.sub(r'\\?\{[^}]+\\?\}', '[^/:]+', template), path):
        return declared
    return None

  def _files(self, content):
    header = f'Content-Type: {self.headers["Content-Type"]}\r\n\r\n'.encode()
    parts = email.parser.BytesParser().parsebytes(header + content).get_payload()
    return {part.get_param('name', header='content-disposition'): part.get_payload(decode=True) for part in parts}

  def _check(self, declared, query, files, body):
    wrong = self.server.mistakes
    wrong += [f'{self.path}: query {name}' for name in query if name not in declared['query']]
    wrong += [f'{self.path}: file {name}' for name in files if name not in declared['files']]
    if body is not None:
      self._check_model(declared['body'], body, self.path)

  def _check_model(self, model, value, where):
    fields = self.server.description['models'].get(model)
    if fields is None:
      return
    for key, held in value.items():
      if key not in fields:
        self.server.mistakes.append(f'{where}: {model} has no field {key}')
      else:
        self._check_model(fields[key], held, f'{where}.{key}')

  def _act(self, method, path, query, files, body):
    server, parts = self.server, path.removeprefix('/apis/v2beta1/').split('/')
    if parts[:2] == ['pipelines', 'names']:
      known = server.pipelines.get(parts[2])
      return (200, {'pipeline_id': known}) if known else (404, {'message': 'not found'})
    if parts == ['pipelines', 'upload']:
      server.pipelines[query['name']] = 'p-1'
      server.versions.append({'pipeline_version_id': 'v-1', 'display_name': query['name'], 'file': files['uploadfile']})
      return 200, {'pipeline_id': 'p-1', 'display_name': query['name']}
    if parts == ['pipelines', 'upload_version']:
      version = {'pipeline_version_id': f'v-{len(server.versions) + 1}', 'display_name': query['name']}
      server.versions.append({**version, 'file': files['uploadfile']})
      return 200, version
    if parts[-1] == 'versions':
      # One at a time: whoever stops at the first page misses the others.
      at = int(query.get('page_token', 0))
      page = [{k: v for k, v in v.items() if k != 'file'} for v in server.versions[at : at + 1]]
      more = {'next_page_token': str(at + 1)} if at + 1 < len(server.versions) else {}
      return 200, {'pipeline_versions': page, **more}
    if parts == ['experiments'] and method == 'GET':
      name = json.loads(query['filter'])['predicates'][0]['string_value']
      known = server.experiments.get(name)
      return 200, {'experiments': [{'experiment_id': known}]} if known else {}
    if parts == ['experiments']:
      server.experiments[body.get('display_name')] = 'e-1'
      return 200, {'experiment_id': 'e-1'}
    if parts == ['runs']:
      server.runs.append(body)
      return 200, {'run_id': 'r-1'}
    state = server.states.pop(0) if len(server.states) > 1 else server.states[0]
    error = {'error': {'message': 'out of memory'}} if state == 'FAILED' else {}
    tasks = [{'display_name': 'Count', 'state': state, **error}, {'display_name': 'Count-driver', 'state': 'SUCCEEDED'}]
    return 200, {'run_id': parts[1], 'state': state, 'run_details': {'task_details': tasks}, **error}

  def _send(self, status, content):
    text = json.dumps(content).encode()
    self.send_response(status)
    self.send_header('Content-Length', str(len(text)))
    self.end_headers()
    self.wfile.write(text)


@contextlib.contextmanager
def serving(stub):
  thread = threading.Thread(target=stub.serve_forever, kwargs={'poll_interval': 0.01})
  thread.start()
  try:
    yield stub
  finally:
    stub.shutdown()
    thread.join()
    stub.server_close()


@pytest.fixture
def stub(description):
  with serving(Stub(description)) as running:
    yield running
  assert running.mistakes == []


def submitted(path, stub, parameters=(), token=None, namespace=None, **options):
  lines = []
  server = submit.Server(stub.address, token=token, namespace=namespace)
  done = submit.submit(path, server, parameters, submit.Options(poll_seconds=0.01, **options), lines.append)
  return done, '\n'.join(lines)


def test_a_file_is_uploaded_and_a_run_of_it_followed_to_its_end(stub, compile_toy):
  path = compile_toy(toy.pipeline(count=7), runtime_parameters={'images': 'WriteExamples.count'})
  succeeded, lines = submitted(path, stub, parameters=['images=3'], experiment='raccoons', namespace='team')
  assert succeeded
  assert stub.versions[0]['file'] == open(path, 'rb').read()  # noqa: SIM115
  (run,) = stub.runs
  assert run['pipeline_version_reference'] == {'pipeline_id': 'p-1', 'pipeline_version_id': 'v-1'}
  assert run['runtime_config'] == {'parameters': {'images': 3}, 'pipeline_root': 'minio://mlpipeline/v2/artifacts'}
  assert run['experiment_id'] == 'e-1'
  assert [line for line in lines.splitlines() if line.startswith('Count')] == [
    f'{"Count":<24} {state}' for state in ('PENDING', 'RUNNING', 'SUCCEEDED')
  ]


def test_a_changed_file_becomes_a_version_and_an_unchanged_one_is_not_sent_again(stub, compile_toy):
  submitted(compile_toy(toy.pipeline(count=1)), stub)
  changed = compile_toy(toy.pipeline(count=2))
  submitted(changed, stub)
  submitted(changed, stub)
  assert [run['pipeline_version_reference']['pipeline_version_id'] for run in stub.runs] == ['v-1', 'v-2', 'v-2']


def test_a_failed_run_is_told_with_its_reason(description, compile_toy):
  with serving(Stub(description, states=['RUNNING', 'FAILED'])) as stub:
    succeeded, lines = submitted(compile_toy(toy.pipeline()), stub)
  assert not succeeded
  assert 'run FAILED: out of memory' in lines


def test_the_token_is_sent_with_every_request(stub, compile_toy):
  submitted(compile_toy(toy.pipeline()), stub, token='secret', wait=False)
  assert {headers.get('Authorization') for headers in stub.headers_seen} == {'Bearer secret'}


def test_the_stub_sees_what_the_description_does_not_allow(description):
  with serving(Stub(description)) as stub:
    server = submit.Server(stub.address)
    server._call('POST', '/experiments', {'name': 'v1 called it so'})
    server._call('GET', '/experiments', params={'resource_reference_key.type': 'NAMESPACE', 'filter': FILTER})
  assert len(stub.mistakes) == 2


FILTER = '{"predicates": [{"string_value": "x"}]}'


def test_an_unknown_parameter_is_refused_before_anything_is_sent(stub, compile_toy):
  with pytest.raises(ConfigError, match='--param: unknown key "steps"'):
    submitted(compile_toy(toy.pipeline()), stub, parameters=['steps=3'])
  assert stub.headers_seen == []


@pytest.mark.parametrize(
  ('endpoint', 'error', 'message'),
  [
    pytest.param('kfp.example', ConfigError, 'http://', id='no URL'),
    pytest.param('http://127.0.0.1:9', submit.SubmitError, 'cannot be reached', id='nobody there'),
  ],
)
def test_an_endpoint_that_cannot_be_used(endpoint, error, message, compile_toy):
  with pytest.raises(error, match=message):
    submit.submit(compile_toy(toy.pipeline()), submit.Server(endpoint))
