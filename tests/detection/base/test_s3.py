"""What S3 alone has. All that it has in common with other file systems is tested in test_files.py."""

import pytest
import requests

from detection.base import files, s3
from tests.support import paging_store, s3_server
from tests.support.stacks import s3_without_tensorflow

pytestmark = s3_without_tensorflow


@pytest.fixture(scope='module')
def server():
  with s3_server.running() as server, pytest.MonkeyPatch.context() as patch:
    for name, value in server.variables.items():
      patch.setenv(name, value)
    server.make_bucket('bucket')
    yield server


def test_an_empty_object_that_a_console_made_for_a_folder_is_no_file_in_it(server):
  for key in ('made/', 'made/file', 'made/deep/'):
    requests.put(f'{server.address}/bucket/{key}', data=b'', timeout=10).raise_for_status()
  assert files.listdir('s3://bucket/made') == ['deep', 'file']
  assert files.isdir('s3://bucket/made')
  assert ('s3://bucket/made', ['deep'], ['file']) in list(files.walk('s3://bucket/made'))


def test_content_tells_changed_files_apart(server):
  for name in ('a', 'b'):
    files.write_text(f's3://bucket/content/{name}', name)
  before = s3.content('s3://bucket/content')
  files.write_text('s3://bucket/content/a', 'c')
  after = s3.content('s3://bucket/content')
  assert [uri for uri in before if before[uri] != after[uri]] == ['s3://bucket/content/a']
  with pytest.raises(FileNotFoundError, match='s3://bucket/none: no such file or folder'):
    s3.content('s3://bucket/none')


def test_a_folder_that_a_store_does_not_list_is_not_taken_for_an_empty_one(monkeypatch):
  with paging_store.running({'data/open/a': b'', 'data/closed/b': b''}, forbidden='closed') as store:
    for name, value in store.variables.items():
      monkeypatch.setenv(name, value)
    with pytest.raises(PermissionError):
      list(files.walk('s3://b/data'))
    assert list(files.walk('s3://b/none')) == []
    assert list(files.walk('s3://b/data/open/')) == [('s3://b/data/open', [], ['a'])]


def test_a_store_that_cannot_be_reached_is_an_os_error(monkeypatch):
  monkeypatch.setenv('S3_ENDPOINT', '127.0.0.1:1')
  monkeypatch.setenv('S3_USE_HTTPS', '0')
  monkeypatch.setenv('AWS_MAX_ATTEMPTS', '1')
  for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'):
    monkeypatch.setenv(name, 'any')
  with pytest.raises(files.errors('s3://bucket'), match='127.0.0.1:1'):
    files.exists('s3://bucket/file')


@pytest.mark.parametrize(
  ('variables', 'address'),
  [
    pytest.param({'S3_ENDPOINT': 'store:9000', 'S3_USE_HTTPS': '0'}, 'http://store:9000', id='without TLS'),
    pytest.param({'S3_ENDPOINT': 'store:9000'}, 'https://store:9000', id='with TLS'),
    pytest.param({'S3_ENDPOINT': 'http://store'}, 'http://store', id='an address'),
    pytest.param({}, None, id="Amazon's own"),
  ],
)
def test_the_endpoint_is_said_as_for_tensorflow(monkeypatch, variables, address):
  for name in ('S3_ENDPOINT', 'S3_USE_HTTPS'):
    monkeypatch.delenv(name, raising=False)
  for name, value in variables.items():
    monkeypatch.setenv(name, value)
  assert s3._store().endpoint_url == address
