"""What a step's container runs under KFP v1: TFX's v1 entrypoint; s3 scheme, SIGTERM and exit status put right.

python -m kubeflow.runtime.entrypoint_v1 --pipeline_root URI --node_id ID --tfx_ir JSON ...
"""

import signal
import sys
from collections.abc import Sequence

from components import remote_files
from kubeflow.runtime import entrypoint


def main(argv: Sequence[str] | None = None) -> int:
  """Runs one step; returns the exit status."""
  arguments = list(sys.argv[1:] if argv is None else argv)
  signal.signal(signal.SIGTERM, entrypoint.end)
  remote_files.load_scheme(' '.join(arguments))
  from tfx.orchestration.kubeflow import container_entrypoint

  from detection.base.errors import UserError

  try:
    container_entrypoint.main(arguments)
  except UserError as error:
    print(f'{error}', file=sys.stderr)
    return error.exit_status
  return 0


if __name__ == '__main__':
  entrypoint.run_and_exit(main)
