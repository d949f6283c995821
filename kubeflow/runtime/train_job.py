"""Runs the trainer outside a pipeline: one process for each node of a job, told apart by TF_CONFIG.

    python -m kubeflow.runtime.train_job --pipeline-config FILE --examples DIR --label-map FILE --work-root DIR \\
      --output DIR

The inputs are artifacts of an earlier pipeline run, on storage that every node sees. The chief writes OUTPUT/model and
OUTPUT/model_run; a job that was killed goes on from its last checkpoint. See manifests/trainjob.yaml, and
manifests/tfjob.yaml for the older training operator.
"""

import argparse
import json
import re
import tempfile
from collections.abc import Sequence

from kubeflow.runtime import entrypoint, job


def main(argv: Sequence[str] | None = None) -> int:
  """Trains; returns the exit status."""
  parser = job.parser('kubeflow.runtime.train_job', __doc__)
  parser.add_argument('--pipeline-config', required=True, metavar='FILE', help='from ConfigPatcher')
  parser.add_argument(
    '--settings', type=json.loads, default='{}', metavar='JSON', help='the train: section, without steps and batch'
  )
  parser.add_argument(
    '--adapt', type=json.loads, default='{}', metavar='JSON', help='the adapt: section, without target'
  )
  return job.run(_train, parser.parse_args(argv))


def point_to(config: str, examples: str, label_map: str) -> str:
  """Sets the paths of the data in a pipeline.config; those that ConfigPatcher wrote are valid in its pod alone.

  Args:
    config: the text that ConfigPatcher wrote.
    examples: the folder of the splits.
    label_map: the file.
  """
  config = re.sub(
    r'(\binput_path: ")[^"]*/(Split-)', lambda found: f'{found[1]}{examples.rstrip("/")}/{found[2]}', config
  )
  return re.sub(r'(\blabel_map_path: ")[^"]*', lambda found: f'{found[1]}{label_map}', config)


def _train(args: argparse.Namespace) -> None:
  from tfx.types import standard_artifacts

  from components import artifacts
  from components.trainer import component, executor
  from detection.base import files

  # The same for all nodes and starts: the training is named by the config's content.
  config = point_to(files.read_text(args.pipeline_config), args.examples, args.label_map)
  folder = tempfile.mkdtemp()
  files.write_text(files.join(folder, artifacts.PipelineConfig.FILE_NAME), config)
  inputs = {**job.inputs(args), 'pipeline_config': [job.at(artifacts.PipelineConfig(), folder)]}
  outputs = {
    'model': [job.at(standard_artifacts.Model(), files.join(args.output, 'model'))],
    'model_run': [job.at(standard_artifacts.ModelRun(), files.join(args.output, 'model_run'))],
  }
  # Never run in a pipeline: it checks the parameters and fills in their defaults.
  node = component.ODAPITrainer(
    **job.channels(inputs), settings=args.settings, adapt=args.adapt, work_root=args.work_root
  )
  executor.Executor().Do(inputs, outputs, dict(node.exec_properties))


if __name__ == '__main__':
  entrypoint.run_and_exit(main)
