"""What workers reported is added up as what one process found."""

from components.voc_example_gen import plan, shard_writer, sums
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.spread import stages
from components.voc_example_gen.writing import Written
from tests.support import voc_maker


def test_the_report_of_written_shards_is_that_of_a_check(tmp_path):
  root = voc_maker.messy(tmp_path / 'data')
  planned = plan.make(str(root), IngestSettings())
  writer = shard_writer.ShardWriter(planned.root, str(tmp_path / 'out'), str(tmp_path / 'work'), planned.placing, True)
  for shard in planned.shards:
    writer.write(shard)
  written = Written(plan.outline(planned), writer, str(tmp_path / 'work'))
  done = stages.run(sums.Settling(written), lambda jobs: [job() for job in jobs]).with_tasks_of(planned)
  checked, _, tally = voc_maker.examine(root)
  assert summary.as_dict(done.planned, done.tally()) == summary.as_dict(checked, tally)
