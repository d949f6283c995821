"""LabelMapGen on real artifacts: class names in the examples become ids that stay."""

from pathlib import Path

import pytest
import tensorflow as tf
from tfx.dsl.components.base import base_beam_executor
from tfx.types import channel, standard_artifacts

from components.artifacts import LabelMap
from components.label_map_gen.component import LabelMapGen
from components.label_map_gen.executor import Executor
from detection import kept_scans, record_scan
from detection.base.errors import DataError
from detection.odapi import label_map


@pytest.fixture
def generate(tmp_path):
  """Runs the executor over splits given as {split: [[class names of one image], ...]}.

  before: gets the files. is_kept: whether ingestion has kept the names, so that no engine has to be begun for them.
  """

  def run(splits, pinned=None, before=lambda files: None, is_kept=False, **options):
    examples, output = standard_artifacts.Examples(), LabelMap()
    examples.uri, output.uri = str(tmp_path / 'examples'), str(tmp_path / 'label_map')
    examples.split_names = '[' + ', '.join(f'"{split}"' for split in splits) + ']'
    for split, images in splits.items():
      (tmp_path / f'examples/Split-{split}').mkdir(parents=True)
      with tf.io.TFRecordWriter(str(tmp_path / f'examples/Split-{split}/data_tfrecord-00000-of-00001')) as writer:
        for names in images:
          example = tf.train.Example()
          example.features.feature['image/object/class/text'].bytes_list.value[:] = [n.encode() for n in names]
          writer.write(example.SerializeToString())
    before(sorted((tmp_path / 'examples').glob('Split-*/*')))
    if is_kept:
      keep(
        tmp_path / 'examples', {split: {name for names in images for name in names} for split, images in splits.items()}
      )
    examples_channel = channel.Channel(type=standard_artifacts.Examples)
    node = LabelMapGen(examples=examples_channel, pinned=pinned, **options)
    context = base_beam_executor.BaseBeamExecutor.Context(beam_pipeline_args=[], tmp_dir=str(tmp_path), unique_id='1')
    Executor(context).Do({'examples': [examples]}, {'label_map': [output]}, dict(node.exec_properties))
    assert [path.name for path in Path(output.uri).iterdir()] == [LabelMap.FILE_NAME]
    return (Path(output.uri) / LabelMap.FILE_NAME).read_text()

  return run


def keep(folder, splits):
  """Writes which classes ingestion has found: {split: their names}."""
  scans = {}
  for split, names in splits.items():
    (file,) = (folder / f'Split-{split}').iterdir()
    scan = record_scan.FileScan('', 1, 1, {}, [], dict.fromkeys(names, 1))
    scans[f'{file.parent.name}/{file.name}'] = kept_scans.KeptScan(file.stat().st_size, scan)
  kept_scans.write(str(folder), scans)


def test_names_of_all_splits_are_found(generate):
  text = generate({'train': [['dog', 'dog'], []], 'eval': [['cat'], ['new\nline "ü"']]})
  assert label_map.parse(text) == {'cat': 1, 'dog': 2, 'new\nline "ü"': 3}


def test_names_that_ingestion_has_kept_are_taken_without_reading_records(generate, tmp_path):
  examples, kept = tmp_path / 'examples', {'train': ['Train'], 'eval': ['Eval']}
  text = generate({'train': [['dog']], 'eval': [['cat']]}, before=lambda files: keep(examples, kept))
  assert label_map.parse(text) == {'Eval': 1, 'Train': 2}
  # What is known of some files alone is not enough.
  examples.rename(tmp_path / 'before')
  kept.pop('train')
  text = generate({'train': [['dog']], 'eval': [['cat']]}, before=lambda files: keep(examples, kept))
  assert label_map.parse(text) == {'cat': 1, 'dog': 2}


def test_a_pinned_file_is_extended(generate, tmp_path):
  pinned = tmp_path / 'pinned.pbtxt'
  pinned.write_text(label_map.dump({'dog': 5}))
  assert label_map.parse(generate({'train': [['cat'], ['dog']]}, pinned=str(pinned), is_kept=True)) == {
    'dog': 5,
    'cat': 6,
  }


def test_a_single_class_has_the_names_of_all_splits(generate):
  text = generate({'train': [['dog']], 'eval': [['cat']]}, is_kept=True, single_class='object')
  assert label_map.parse_shared(text) == {'object': 1, 'cat': 1, 'dog': 1}


def test_a_single_class_keeps_its_pinned_id(generate, tmp_path):
  pinned = tmp_path / 'pinned.pbtxt'
  pinned.write_text(label_map.dump({'object': 3}))
  text = generate({'train': [['cat'], ['dog']]}, pinned=str(pinned), is_kept=True, single_class='object')
  assert label_map.parse_shared(text) == {'object': 3, 'cat': 3, 'dog': 3}


def test_classes_for_a_classifier_are_two_or_more(generate):
  with pytest.raises(DataError, match='two classes or more'):
    generate({'train': [['dog']]}, is_kept=True, single_class='object', for_classifier=True)
