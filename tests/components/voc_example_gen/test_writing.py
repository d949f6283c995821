"""All shards are written, and each image advances the progress that is shown."""

import io

from components.voc_example_gen import plan, sums, writing
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.spread import stages
from detection.base.progress import Progress
from tests.support import voc_maker


class Terminal(io.StringIO):
  def isatty(self):
    return True


def test_every_shard_is_written_and_every_image_shown(tmp_path):
  planned = plan.make(str(voc_maker.devkit(tmp_path / 'data', 6)), IngestSettings())
  output = writing.Output(str(tmp_path / 'out'), True, 1, str(tmp_path / 'work'), sums.Settling)
  screen = Terminal()
  with writing.showing(Progress(None, out=screen)):
    done = stages.run(output(planned), lambda jobs: [job() for job in jobs])
  assert len(list((tmp_path / 'out').glob('Split-*/data_tfrecord-*'))) == 2
  assert 'image 6/6' in screen.getvalue()
  assert done.tally().images.total() == 6


def test_later_stages_do_not_carry_the_names_of_all_images(tmp_path):
  planned = plan.make(str(voc_maker.devkit(tmp_path / 'data', 6)), IngestSettings())
  begun = writing.Output('out', True, 1, 'work', sums.Settling)(planned)()
  assert [len(shard.tasks) for shard in begun.then.written.planned.shards] == [6]
  assert begun.then.written.planned.shards[0].tasks == plan.Untold(6)


def test_a_job_that_ran_in_another_process_is_shown_by_what_it_returns():
  screen = Terminal()
  with writing.showing(Progress(None, out=screen)):
    writing.advance(writing.Count(4, of=6))
    writing.advance(None)  # a job that writes no image
    writing.advance(writing.Count(1, of=6))
  assert 'image 5/6' in screen.getvalue()
