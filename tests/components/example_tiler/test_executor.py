"""ExampleTiler on real artifacts."""

import dataclasses

import pytest
from tfx.dsl.components.base import base_beam_executor
from tfx.types import channel, standard_artifacts

from components.example_tiler.component import ExampleTiler
from components.example_tiler.executor import Executor
from detection import kept_scans, record_scan, records
from detection.base.errors import DataError
from tests.support import drawn_examples

pytestmark = pytest.mark.slow


def run(tmp_path, examples, **tiles):
  """The folder of the tiled examples, and their artifact."""
  output = standard_artifacts.Examples()
  output.uri = str(tmp_path / 'tiled')
  node = ExampleTiler(channel.Channel(type=standard_artifacts.Examples), tiles)
  context = base_beam_executor.BaseBeamExecutor.Context(beam_pipeline_args=[], tmp_dir=str(tmp_path), unique_id='1')
  Executor(context).Do({'examples': [examples]}, {'tiled': [output]}, dict(node.exec_properties))
  return tmp_path / 'tiled', output


def test_every_split_is_cut_and_it_is_kept_what_is_in_it(tmp_path, capsys):
  examples = drawn_examples.write_examples(tmp_path / 'examples', {'train': 5, 'eval': 2})
  examples.set_string_custom_property('input_fingerprint', 'abc')
  folder, output = run(tmp_path, examples, size=64, overlap=0.5, min_visible=0.9, empty=0.0)
  assert (output.split_names, output.get_string_custom_property('input_fingerprint')) == (examples.split_names, 'abc')
  assert sorted(path.name for path in folder.iterdir()) == ['Split-eval', 'Split-train', kept_scans.FILE_NAME]
  for split in ('train', 'eval'):
    (path,) = (folder / f'Split-{split}').iterdir()
    assert path.name == 'data_tfrecord-00000-of-00001'
    tiles = [records.parse(record) for record in records.read([str(path)])]
    assert tiles
    assert all((tile.width, tile.height) == (64, 64) and tile.labels for tile in tiles)
    (kept,) = kept_scans.read([str(path)]).values()
    found = record_scan.scan_file(str(path))
    assert dataclasses.replace(kept, images_of_class={}) == dataclasses.replace(found, images_of_class={})
  assert 'tiles to train on' in capsys.readouterr().out


def test_nothing_to_train_on_is_refused(tmp_path):
  examples = drawn_examples.write_examples(tmp_path / 'examples', {'train': 0, 'eval': 2})
  with pytest.raises(DataError, match='no tile of the train split is used'):
    run(tmp_path, examples, size=64)
