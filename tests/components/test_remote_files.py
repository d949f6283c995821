"""TFX's own file layer on S3. Where TensorFlow has s3://, that serves it."""

import pytest
from tfx.dsl.io import fileio
from tfx.types import standard_artifacts
from tfx.utils import io_utils

from components import remote_files
from tests.support import s3_server
from tests.support.stacks import s3_without_tensorflow


@s3_without_tensorflow
def test_tfx_writes_finds_and_reads_an_artifacts_files(monkeypatch):
  artifact = standard_artifacts.Model()
  artifact.uri = 's3://bucket/runs/Trainer/model/1'
  with s3_server.running() as server:
    for name, value in server.variables.items():
      monkeypatch.setenv(name, value)
    server.make_bucket('bucket')
    remote_files.load_scheme(artifact.uri)
    fileio.makedirs(artifact.uri)
    io_utils.write_string_file(f'{artifact.uri}/deep/file.txt', 'text')
    assert fileio.exists(f'{artifact.uri}/deep/file.txt')
    assert fileio.isdir(artifact.uri)
    assert fileio.listdir(artifact.uri) == ['deep']
    assert fileio.glob(f'{artifact.uri}/deep/*.txt') == [f'{artifact.uri}/deep/file.txt']
    assert list(fileio.walk(artifact.uri))[-1] == (f'{artifact.uri}/deep', [], ['file.txt'])
    with pytest.raises(OSError, match='is there already'):
      fileio.copy(f'{artifact.uri}/deep/file.txt', f'{artifact.uri}/deep/file.txt')
    fileio.rename(f'{artifact.uri}/deep/file.txt', f'{artifact.uri}/other.txt')
    assert server.keys('bucket', 'runs') == ['runs/Trainer/model/1/other.txt']
    assert io_utils.read_string_file(f'{artifact.uri}/other.txt') == 'text'
    fileio.rmtree(artifact.uri)
    assert server.keys('bucket', 'runs') == []
