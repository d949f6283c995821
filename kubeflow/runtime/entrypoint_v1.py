"""What a step's container runs under KFP v1: TFX's v1 entrypoint; s3 scheme, SIGTERM and exit status put right.

python -m kubeflow.runtime.entrypoint_v1 --pipeline_root URI --node_id ID --tfx_ir JSON ...
"""

import signal
import sys
from collections.abc import Sequence
from types import ModuleType

from components import remote_files
from kubeflow.runtime import entrypoint


def main(argv: Sequence[str] | None = None) -> int:
  """Runs one step; returns the exit status."""
  arguments = list(sys.argv[1:] if argv is None else argv)
  signal.signal(signal.SIGTERM, entrypoint.end)
  remote_files.load_scheme(' '.join(arguments))
  from detection.base.errors import UserError

  try:
    _entrypoint().main(arguments)
  except UserError as error:
    print(f'{error}', file=sys.stderr)
    return error.exit_status
  return 0


def _entrypoint() -> ModuleType:
  """TFX's own entrypoint; ConfigError if this TFX has none."""
  import tfx

  from detection.base.errors import ConfigError

  try:
    from tfx.orchestration.kubeflow import container_entrypoint
  except ImportError as error:
    raise ConfigError(
      'image: expected one of the legacy stack (TFX 1.15), as --target kfp-v1 needs it, '
      f'received TFX {tfx.__version__}. Build it with --build-arg STACK=legacy '
      '--build-arg BASE=python:3.10-slim-bookworm.'
    ) from error
  return container_entrypoint


if __name__ == '__main__':
  entrypoint.run_and_exit(main)
