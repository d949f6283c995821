"""Distributed Beam engines, for the components that run on Beam."""

import pytest

from tests.support.beam_engines import LOOPBACK, RUNNING, needs_endpoint


@pytest.fixture(scope='session')
def job_server(tmp_path_factory):
  """Beam arguments for a portable job server on this machine."""
  from apache_beam.runners.portability import local_job_service

  server = local_job_service.LocalJobServicer(str(tmp_path_factory.mktemp('staging')))
  port = server.start_grpc_server(0)
  yield ['--runner=PortableRunner', f'--job_endpoint=localhost:{port}', *LOOPBACK]
  server.stop()


@pytest.fixture(params=['portable', pytest.param('running', marks=needs_endpoint)])
def engine(request):
  """Beam arguments for an engine that is not the local one: Beam's job server in Python, or one that runs already."""
  return request.getfixturevalue('job_server') if request.param == 'portable' else RUNNING
