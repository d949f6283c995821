"""What train_job and tune_job share: they run an executor outside a pipeline, on the nodes of a job."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from components import remote_files
from kubeflow.runtime import entrypoint

Artifacts = Mapping[str, list[Any]]


def parser(program: str, description: str) -> argparse.ArgumentParser:
  """A parser with the arguments that all jobs take; its help shows the first line of `description`."""
  made = argparse.ArgumentParser(prog=program, description=description.partition('\n')[0])
  made.set_defaults(program=program)
  made.add_argument('--examples', required=True, metavar='DIR', help='from VocExampleGen: has Split-train')
  made.add_argument('--label-map', required=True, metavar='FILE', help='from LabelMapGen')
  made.add_argument('--target-examples', metavar='DIR', help='from TargetExampleGen, where the training adapts to them')
  made.add_argument('--work-root', required=True, metavar='DIR', help='checkpoints; every node must see it')
  made.add_argument('--output', required=True, metavar='DIR')
  made.add_argument(
    '--nodes', type=int, metavar='N', help='of a TrainJob, which sets no TF_CONFIG: it is made from this'
  )
  return made


def run(work: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> int:
  """Calls `work`; returns the exit status. SIGTERM ends it in order, a user's mistake is one line."""
  signal.signal(signal.SIGTERM, entrypoint.end)
  remote_files.load_scheme(f'{vars(args)}')
  from detection.base.errors import UserError
  from kubeflow.runtime import tf_config

  try:
    if args.nodes:
      # Before anything asks TensorFlow, which reads it once.
      os.environ['TF_CONFIG'] = tf_config.of_this_node(args.nodes, os.environ)
    work(args)
  except UserError as error:
    print(f'{args.program}: {error}', file=sys.stderr)
    return error.exit_status
  return 0


def inputs(args: argparse.Namespace) -> dict[str, list[Any]]:
  """The artifacts `examples` and `label_map` of an earlier pipeline run, and `target_examples` where there are some."""
  from tfx.types import artifact_utils, standard_artifacts

  from components import artifacts

  examples = at(standard_artifacts.Examples(), args.examples)
  examples.split_names = artifact_utils.encode_split_names(['train', 'eval'])
  found: dict[str, list[Any]] = {
    'examples': [examples],
    'label_map': [at(artifacts.LabelMap(), os.path.dirname(args.label_map))],
  }
  if args.target_examples:
    target = at(standard_artifacts.Examples(), args.target_examples)
    target.split_names = artifact_utils.encode_split_names(['train'])
    found['target_examples'] = [target]
  return found


def channels(found: Artifacts) -> dict[str, Any]:
  """Channels of the artifacts' types, for a component that is built for its parameters alone."""
  from tfx.types import channel

  return {name: channel.Channel(type=one[0].type) for name, one in found.items()}


def at(artifact: Any, uri: str) -> Any:
  """The artifact, with its URI set to `uri`."""
  artifact.uri = uri
  return artifact
