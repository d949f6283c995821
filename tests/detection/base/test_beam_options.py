"""Beam's pipeline options: a job may take long, a server that is not there is told of in one line."""

import socket
from concurrent import futures

import grpc
import pytest

from detection.base import beam_options
from detection.base.errors import ConfigError

FLINK = '--runner=FlinkRunner'
WEEK = '--job_server_timeout=604800'


@pytest.mark.parametrize(
  ('args', 'expected'),
  [
    pytest.param([FLINK], [FLINK, WEEK], id='none is given'),
    pytest.param([FLINK, '--job_server_timeout=60'], [FLINK, '--job_server_timeout=60'], id='given'),
    pytest.param(['--job_server_timeout', '60'], ['--job_server_timeout', '60'], id='given apart'),
    pytest.param(['--job-server-timeout=60'], ['--job-server-timeout=60'], id='as it was spelt before'),
  ],
)
def test_a_job_may_take_a_week_unless_the_user_says_otherwise(args, expected):
  assert beam_options.with_time(args) == expected


HERE = '--environment_type=LOOPBACK'
DOCKER = ['--environment_type=DOCKER', '--environment_config=pipeline:1']


@pytest.mark.parametrize(
  ('args', 'added'),
  [
    pytest.param([FLINK, HERE], ['--sdk_container_image=none'], id='workers of this process'),
    pytest.param([FLINK, *DOCKER], ['--sdk_container_image=pipeline:1'], id='workers whose image is named otherwise'),
    pytest.param([FLINK, HERE, '--sdk_container_image=mine'], [], id='given'),
    pytest.param([FLINK], [], id='workers of which nothing is known'),
    pytest.param([FLINK, DOCKER[0]], [], id="workers with Beam's own image"),
  ],
)
def test_tfx_is_not_packed_up_for_workers_that_have_it(args, added):
  assert beam_options.with_image(args) == [*args, *added]


@pytest.mark.parametrize('args', [[], [FLINK], ['--job_endpoint=embed']])
def test_without_a_server_by_name_nothing_is_waited_for(args, monkeypatch):
  monkeypatch.setattr(beam_options, '_WAIT', 1)
  beam_options.require_server(args)


def test_a_server_that_answers_is_fine():
  server = grpc.server(futures.ThreadPoolExecutor(1))
  port = server.add_insecure_port('localhost:0')
  server.start()
  beam_options.require_server([FLINK, f'--job_endpoint=localhost:{port}'])
  server.stop(None)


@pytest.mark.parametrize('spelt', [['--job_endpoint=localhost:{}'], ['--job_endpoint', 'localhost:{}']])
def test_a_server_that_is_not_there_is_told_of(spelt, monkeypatch):
  monkeypatch.setattr(beam_options, '_WAIT', 1)
  with socket.create_server(('localhost', 0)) as free:
    port = free.getsockname()[1]
  with pytest.raises(ConfigError, match=rf"HOST:PORT .*, received 'localhost:{port}', where none answers within 1 s\."):
    beam_options.require_server([word.format(port) for word in spelt])
