"""Settles the splits and adds up what became of the images in one process; for many images see spread_sums.py."""

from components.voc_example_gen import outcomes, plan
from components.voc_example_gen.report import summary
from components.voc_example_gen.settle import Settled
from components.voc_example_gen.shard_writer import ShardWriter


class Sums:
  """Reads all that a writer's workers have reported."""

  def __init__(self, planned: plan.Plan, writer: ShardWriter) -> None:
    self._shards, self._writer = planned.shards, writer

  def settled(self, planned: plan.Plan) -> tuple[plan.Plan, Settled]:
    """See plan.settled."""
    return plan.settled(planned, lambda: outcomes.rows(self._writer.outcomes(self._shards)))

  def gather(self, planned: plan.Plan, found: Settled) -> summary.Tally:
    """See summary.gather. planned, found: as `settled` gave them."""
    return summary.gather(planned, outcomes.settled(self._writer.outcomes(self._shards), found))
