"""Arguments of Beam engines other than the local one."""

import os

import pytest

LOOPBACK = ['--environment_type=LOOPBACK', '--parallelism=2']
ENDPOINT = os.environ.get('BEAM_JOB_ENDPOINT', '')
RUNNING = ['--runner=PortableRunner', f'--job_endpoint={ENDPOINT}', *LOOPBACK]
needs_endpoint = pytest.mark.skipif(not ENDPOINT, reason='needs BEAM_JOB_ENDPOINT, host:port of a Beam job server')
