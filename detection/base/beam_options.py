"""Beam's pipeline options: their values, what they lack for a job, whether the job server that they name answers."""

import argparse
from collections.abc import Sequence

from detection.base.errors import ConfigError

_ENDPOINT = ('--job_endpoint', '--job-endpoint')
_TIMEOUT = ('--job_server_timeout', '--job-server-timeout')
_IMAGE, _WHERE, _HOW = '--sdk_container_image', '--environment_type', '--environment_config'
_LONGEST = 7 * 24 * 3600  # seconds that a job may take
_WAIT = 300  # seconds for a server to answer, as Beam waits


def taken(args: Sequence[str], *names: str) -> tuple[str, list[str]]:
  """The value of the argument that has one of these names ('' if it is not given), and all other arguments."""
  parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
  parser.add_argument(*names, dest='value', default='')
  known, others = parser.parse_known_args(list(args))
  return known.value, others


def with_time(args: Sequence[str]) -> list[str]:
  """The arguments, by which a job may take a week.

  Beam takes the time that it waits for a server, 300 s unless its arguments say otherwise, for that of a whole job too,
  if the server names the job as soon as it is told of it: Prism does.
  """
  return list(args) if taken(args, *_TIMEOUT)[0] else [*args, f'{_TIMEOUT[0]}={_LONGEST}']


def with_image(args: Sequence[str]) -> list[str]:
  """The arguments, which name the workers' image: that of --environment_config for DOCKER, `none` for LOOPBACK.

  Without a name TFX packs itself up for the workers of every job, and has itself and all that it needs installed there.
  With LOOPBACK these are in this process, and an image has TFX, as it has this project.
  """
  where, image = taken(args, _WHERE)[0], taken(args, _HOW)[0]
  image = {'LOOPBACK': 'none', 'DOCKER': image}.get(where, '')
  return list(args) if taken(args, _IMAGE)[0] or not image else [*args, f'{_IMAGE}={image}']


def runs_here(args: Sequence[str]) -> bool:
  """Whether an engine has its workers in this process."""
  return taken(args, _WHERE)[0] == 'LOOPBACK'


def require_server(args: Sequence[str]) -> None:
  """Waits until the job server answers that the arguments name, if they name one.

  Raises:
    ConfigError: if none answers within five minutes.
  """
  endpoint = taken(args, *_ENDPOINT)[0]
  if endpoint in ('', 'embed'):
    return
  import grpc

  with grpc.insecure_channel(endpoint) as channel:
    try:
      grpc.channel_ready_future(channel).result(timeout=_WAIT)
    except grpc.FutureTimeoutError as error:
      raise ConfigError(
        f'beam.args: {_ENDPOINT[0]}: expected HOST:PORT of a job server, received {endpoint!r}, where none answers '
        f'within {_WAIT} s. Start it, or mend the address.'
      ) from error
