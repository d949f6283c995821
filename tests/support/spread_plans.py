"""Plans of small folders that are taken for large ones; their images need not be any, as planning reads none."""

import pickle

from components.voc_example_gen import plan
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.spread import (
  entry_stages,
  list_stages,
  spread_coco,
  spread_csv,
  spread_parts,
  spread_plan,
  stages,
)


def make_small(monkeypatch):
  """Gives workers little to do each, so that a small folder has many of them."""
  monkeypatch.setattr(plan, 'SHARD_BYTES', 400_000)  # four images whose size is not known
  monkeypatch.setattr(plan, 'TYPICAL_BYTES', 100_000)
  monkeypatch.setattr(spread_plan, '_FILES_OF_A_JOB', 7)
  monkeypatch.setattr(spread_parts, '_TASKS_OF_A_BUCKET', 4)
  monkeypatch.setattr(list_stages, '_RUN', 9)
  monkeypatch.setattr(spread_coco, '_RUN', 15)
  monkeypatch.setattr(spread_csv, '_RUN', 15)
  monkeypatch.setattr(entry_stages, '_ROWS_OF_A_JOB', 9)


def run_here(jobs):
  for job in jobs:
    pickle.loads(pickle.dumps(job))()


def run_with_restarts(first):
  """Runs all stages, each of which begins again when half of its jobs are done, as after the loss of a worker."""
  stage = first
  while not isinstance(stage, stages.Result):
    jobs, _ = stage()
    run_here(jobs[::2])
    jobs, stage = pickle.loads(pickle.dumps(stage))()
    run_here(jobs)
  return stage.value


def listed(root, folder):
  """The SpreadTree that workers make."""
  return stages.run(list_stages.begin(str(root), str(folder), most=0).stage(stages.Result), run_here)


def first_stage(root, folder, **settings):
  """The first stage after listing; None if workers cannot make the plan."""
  tree = listed(root, folder)
  return spread_plan.first(tree, IngestSettings(**settings), str(folder), stages.Result)


def spread(root, folder, **settings):
  """The plan that workers make; None if they cannot."""
  first = first_stage(root, folder, **settings)
  return first and run_with_restarts(first)


def told(planned):
  """Everything in a plan, in values that can be compared; what is refused in the order of the report."""
  # As text, where NaN equals itself.
  shards = [(shard.split, shard.index, shard.of, repr(list(shard.tasks))) for shard in planned.shards]
  fixed = planned.root, planned.data_format, planned.split_method, planned.placing, planned.warnings
  refused = sorted(planned.refused, key=lambda refusal: (refusal.path, refusal.reason.value))
  return (*fixed, planned.state, planned.fingerprint, shards, refused)


def assert_same(root, folder, **settings):
  """Workers plan the folder as one process does."""
  planned = spread(root, folder, **settings)
  assert planned is not None
  alone = plan.make(str(root), IngestSettings(**settings))
  assert planned.shards
  assert told(planned) == told(alone)
  return planned
