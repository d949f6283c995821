"""What workers reported is added up as what one process found."""

from components.voc_example_gen import plan, shard_writer, sums
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings
from tests.support import voc_maker


def test_the_report_of_written_shards_is_that_of_a_check(tmp_path):
  root = voc_maker.messy(tmp_path / 'data')
  planned = plan.make(str(root), IngestSettings())
  writer = shard_writer.ShardWriter(planned.root, str(tmp_path / 'out'), str(tmp_path / 'work'), planned.placing, True)
  for shard in planned.shards:
    writer.write(shard)
  adding = sums.Sums(planned, writer)
  planned, found = adding.settled(planned)
  checked, _, tally = voc_maker.examine(root)
  assert summary.as_dict(planned, adding.gather(planned, found)) == summary.as_dict(checked, tally)
