"""Runs the tuner outside a pipeline: one process on each node of a job, told apart by TF_CONFIG.

    python -m kubeflow.runtime.tune_job --config FILE --examples DIR --label-map FILE --work-root DIR --output DIR

The config is a run config with a `tune:` section, which every node has; the other inputs are artifacts of an earlier
pipeline run, on storage that every node sees. Each node takes trials from one study, which is in the database that
`tune.storage` names or, without it, in the work root, which must then be on a volume that all nodes mount. The chief
creates the study, and at the end writes OUTPUT/hyperparameters, for `tune: {import: ...}`, and OUTPUT/tuner_results. A
node that was killed goes on where it was. See manifests/tuning-trainjob.yaml, and
manifests/tuning-tfjob.yaml for the older training operator.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from kubeflow.runtime import entrypoint, job


def main(argv: Sequence[str] | None = None) -> int:
  """Takes this node's part in the search; returns the exit status."""
  return job.run(_tune, parse(argv))


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
  """The job's arguments."""
  parser = job.parser('kubeflow.runtime.tune_job', __doc__)
  parser.add_argument('--config', required=True, metavar='FILE', help='a run config with a tune: section')
  return parser.parse_args(argv)


def execution(args: argparse.Namespace) -> tuple[job.Artifacts, dict[str, Any]]:
  """The inputs and execution properties of the search that the arguments name.

  Raises:
    ConfigError: if the config asks for no search, or for one that makes no sense.
  """
  from detection.base.errors import ConfigError
  from pipeline import config
  from pipeline.pipeline import RunContext, TrainingData, tuner

  inputs = job.inputs(args)
  loaded = config.load(args.config, data_root=args.examples)
  if loaded.search is None:
    raise ConfigError(f'{args.config}: tune: expected a space to search, received none. See docs/tuning.md.')
  context = RunContext(pipeline_root='', data_root='', destination='')
  node = tuner(loaded, loaded.search, context, TrainingData(**job.channels(inputs)))
  return inputs, {**node.exec_properties, 'work_root': args.work_root}


def _tune(args: argparse.Namespace) -> None:
  from tfx.types import standard_artifacts

  from components.tuner import executor
  from detection.base import files

  outputs = {
    'hyperparameters': [job.at(standard_artifacts.HyperParameters(), files.join(args.output, 'hyperparameters'))],
    'tuner_results': [job.at(standard_artifacts.TunerResults(), files.join(args.output, 'tuner_results'))],
  }
  inputs, properties = execution(args)
  executor.Executor().Do(dict(inputs), outputs, properties)


if __name__ == '__main__':
  entrypoint.run_and_exit(main)
