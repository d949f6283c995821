"""Runs the trainer outside a pipeline: one process per node of a training-operator job, told apart by TF_CONFIG.

    python -m kubeflow.train_job --pipeline-config FILE --examples DIR --label-map FILE --work-root DIR --output DIR

The inputs are artifacts of an earlier pipeline run, on storage that every node sees. The chief writes OUTPUT/model and
OUTPUT/model_run; a job that was killed goes on from its last checkpoint. See manifests/tfjob.yaml.
"""

import argparse
import json
import os
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from kubeflow import entrypoint


def main(argv: Sequence[str] | None = None) -> int:
  """Trains; returns the exit status."""
  parser = argparse.ArgumentParser(prog='kubeflow.train_job', description=__doc__.partition('\n')[0])
  parser.add_argument('--pipeline-config', required=True, metavar='FILE', help='from ConfigPatcher')
  parser.add_argument('--examples', required=True, metavar='DIR', help='from VocExampleGen: has Split-train')
  parser.add_argument('--label-map', required=True, metavar='FILE', help='from LabelMapGen')
  parser.add_argument('--work-root', required=True, metavar='DIR', help='checkpoints; every node must see it')
  parser.add_argument('--output', required=True, metavar='DIR')
  parser.add_argument(
    '--settings', type=json.loads, default='{}', metavar='JSON', help='the train: section, without steps and batch'
  )
  args = parser.parse_args(argv)
  signal.signal(signal.SIGTERM, entrypoint.end)
  if 's3://' in f'{vars(args)}':
    import tensorflow_io  # noqa: F401 - gives TensorFlow's file layer, and with it TFX's, the s3 scheme
  return _train(args)


def point_to(config: str, examples: str, label_map: str) -> str:
  """The text of a pipeline.config with its data at other paths: a pipeline's are those inside its pods.

  Args:
    config: as ConfigPatcher writes it.
    examples: the folder of the splits.
    label_map: the file.
  """
  config = re.sub(
    r'(\binput_path: ")[^"]*/(Split-)', lambda found: f'{found[1]}{examples.rstrip("/")}/{found[2]}', config
  )
  return re.sub(r'(\blabel_map_path: ")[^"]*', lambda found: f'{found[1]}{label_map}', config)


def _train(args: argparse.Namespace) -> int:
  from tfx.types import channel, standard_artifacts

  from components import artifacts, files
  from components.errors import UserError
  from components.trainer import component, executor

  # The same for all nodes and starts: the training is named by the config's content.
  config = point_to(files.read_text(args.pipeline_config), args.examples, args.label_map)
  folder = tempfile.mkdtemp()
  files.write_text(files.join(folder, artifacts.PipelineConfig.FILE_NAME), config)
  inputs = {
    'examples': [_at(standard_artifacts.Examples(), args.examples)],
    'label_map': [_at(artifacts.LabelMap(), os.path.dirname(args.label_map))],
    'pipeline_config': [_at(artifacts.PipelineConfig(), folder)],
  }
  outputs = {
    'model': [_at(standard_artifacts.Model(), files.join(args.output, 'model'))],
    'model_run': [_at(standard_artifacts.ModelRun(), files.join(args.output, 'model_run'))],
  }
  try:
    # The component's word on its parameters and their defaults, for a node that is not in a pipeline.
    node = component.ODAPITrainer(
      **{name: channel.Channel(type=artifact_list[0].type) for name, artifact_list in inputs.items()},
      settings=args.settings,
      work_root=args.work_root,
    )
    executor.Executor().Do(inputs, outputs, dict(node.exec_properties))
  except UserError as error:
    print(f'train_job: {error}', file=sys.stderr)
    return error.exit_status
  return 0


def _at(artifact: Any, uri: str) -> Any:
  artifact.uri = uri
  return artifact


if __name__ == '__main__':
  entrypoint.run_and_exit(main)
