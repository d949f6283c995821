"""A stage begins when all jobs of the one before it are done."""

import dataclasses

from components.voc_example_gen.spread import stages


@dataclasses.dataclass(frozen=True)
class Note:
  notes: list
  text: str

  def __call__(self):
    self.notes.append(self.text)


@dataclasses.dataclass(frozen=True)
class Countdown:
  notes: list
  left: int

  def __call__(self):
    self.notes.append(f'begin {self.left}')
    jobs = [Note(self.notes, f'job {self.left}')] * self.left
    return stages.Begun(jobs, Countdown(self.notes, self.left - 1) if self.left else stages.Result('done'))


def test_stages_run_one_after_the_other():
  notes = []
  assert stages.run(Countdown(notes, 2), lambda jobs: [job() for job in jobs]) == 'done'
  assert notes == ['begin 2', 'job 2', 'job 2', 'begin 1', 'job 1', 'begin 0']
