"""What a step's container runs under KFP v1: TFX's v1 entrypoint; s3 scheme, SIGTERM and exit status put right.

python -m kubeflow.entrypoint_v1 --pipeline_root URI --node_id ID --tfx_ir JSON ...
"""

import signal
import sys
from collections.abc import Sequence

from kubeflow import entrypoint


def main(argv: Sequence[str] | None = None) -> int:
  """Runs one step; returns the exit status."""
  arguments = list(sys.argv[1:] if argv is None else argv)
  signal.signal(signal.SIGTERM, entrypoint.end)
  if any('s3://' in argument for argument in arguments):
    import tensorflow_io  # noqa: F401 - gives TensorFlow's file layer, and with it TFX's, the s3 scheme
  from tfx.orchestration.kubeflow import container_entrypoint

  from components.errors import UserError

  try:
    container_entrypoint.main(arguments)
  except UserError as error:
    print(f'{error}', file=sys.stderr)
    return error.exit_status
  return 0


if __name__ == '__main__':
  entrypoint.run_and_exit(main)
