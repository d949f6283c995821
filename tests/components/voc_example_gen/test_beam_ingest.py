"""Shards on Beam: all are written, and each image advances the progress that is shown."""

import io

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from components.voc_example_gen import beam_ingest, parallelism, plan, shard_writer, work_list
from components.voc_example_gen.settings import IngestSettings
from detection.base.progress import Progress
from tests.support import voc_maker


class Terminal(io.StringIO):
  def isatty(self):
    return True


def test_every_shard_is_written_and_every_image_shown(tmp_path):
  planned = plan.make(str(voc_maker.devkit(tmp_path / 'data', 6)), IngestSettings())
  writer = shard_writer.ShardWriter(
    planned.root, str(tmp_path / 'out'), str(tmp_path / 'outcomes'), planned.placing, keep_negatives=True
  )
  screen = Terminal()
  options = PipelineOptions([f'--runner={parallelism.LOCAL_RUNNER}'])
  paths = [work_list.save(str(tmp_path / 'work'), shard.name, shard) for shard in planned.shards]
  with beam_ingest.showing(Progress(planned.images, out=screen)), beam.Pipeline(options=options) as pipeline:
    beam_ingest.run_all(pipeline, paths, beam_ingest.WriteShard(writer))
  assert len(list((tmp_path / 'out').glob('Split-*/data_tfrecord-*'))) == 2
  assert 'image 6/6' in screen.getvalue()
