"""Settles the splits and adds up what became of the images in one process; for many images see spread_sums.py."""

import dataclasses

from components.voc_example_gen import listing, moving, outcomes, plan
from components.voc_example_gen.report import summary
from components.voc_example_gen.settle import Settled
from components.voc_example_gen.spread.stages import Begun, Result
from components.voc_example_gen.writing import Written

STAGES = ('Settle',)


@dataclasses.dataclass(frozen=True)
class Settling:
  """Settles the splits."""

  written: Written

  def __call__(self) -> Begun:
    written = self.written
    planned, found = plan.settled(
      written.planned, lambda: outcomes.rows(written.writer.outcomes(written.planned.shards))
    )
    return Begun(moving.jobs(written, found), Result(Sums(written, planned, found)))


@dataclasses.dataclass(frozen=True)
class Sums:
  """What is known of images whose splits are settled.

  Attributes:
    written: what was written.
    planned: as settled; see plan.settled.
    settled: what settling has changed.
  """

  written: Written
  planned: plan.Plan
  settled: Settled

  def with_tasks_of(self, planned: plan.Plan) -> 'Sums':
    """The same, with the shards of the plan as it was made, which have their tasks."""
    return dataclasses.replace(self, planned=dataclasses.replace(self.planned, shards=planned.shards))

  def state_now(self) -> str:
    """See listing.Tree.state: what it is when all images have been read."""
    return listing.state_of(self.planned.root)

  def tally(self) -> summary.Tally:
    """See summary.gather."""
    shards = self.written.planned.shards
    return summary.gather(self.planned, outcomes.settled(self.written.writer.outcomes(shards), self.settled))
