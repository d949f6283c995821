"""LabelMapGen: class names in the examples become ids that stay."""

from pathlib import Path

import pytest
import tensorflow as tf
from tfx.dsl.components.base import base_beam_executor
from tfx.types import channel, standard_artifacts

from components.artifacts import LabelMap
from components.label_map_gen import labels
from components.label_map_gen.component import LabelMapGen
from components.label_map_gen.executor import Executor
from detection.base.errors import ConfigError, DataError
from detection.odapi import label_map


def test_ids_start_at_1_in_the_order_of_code_points():
  assert labels.assign_ids(['zebra', 'ant', 'Zebra', 'ärger']) == {'Zebra': 1, 'ant': 2, 'zebra': 3, 'ärger': 4}


def test_pinned_ids_stay_and_new_names_follow():
  assert labels.assign_ids(['ant', 'cat'], {'gone': 7, 'cat': 2}) == {'cat': 2, 'gone': 7, 'ant': 8}


def test_no_names_is_an_error():
  with pytest.raises(DataError, match='no class names'):
    labels.assign_ids([])


def test_one_class_takes_all_names_under_one_id():
  assert labels.one_class(['dog', 'cat', 'dog'], 'object') == {'object': 1, 'cat': 1, 'dog': 1}


@pytest.mark.parametrize(('names', 'received'), [(['dog', 'dog'], 'one: "dog"'), ([], 'none')])
def test_one_class_of_one_class_is_refused(names, received):
  with pytest.raises(DataError, match=f'two classes or more.*received {received}.*two_stage'):
    labels.one_class(names, 'object')


@pytest.fixture
def generate(tmp_path):
  """Runs the executor over splits given as {split: [[class names of one image], ...]}."""

  def run(splits, pinned=None, single_class=''):
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
    examples_channel = channel.Channel(type=standard_artifacts.Examples)
    node = LabelMapGen(examples=examples_channel, pinned=pinned, single_class=single_class)
    context = base_beam_executor.BaseBeamExecutor.Context(beam_pipeline_args=[], tmp_dir=str(tmp_path), unique_id='1')
    Executor(context).Do({'examples': [examples]}, {'label_map': [output]}, dict(node.exec_properties))
    assert [path.name for path in Path(output.uri).iterdir()] == [LabelMap.FILE_NAME]
    return (Path(output.uri) / LabelMap.FILE_NAME).read_text()

  return run


def test_names_of_all_splits_are_found(generate):
  text = generate({'train': [['dog', 'dog'], []], 'eval': [['cat'], ['new\nline "ü"']]})
  assert label_map.parse(text) == {'cat': 1, 'dog': 2, 'new\nline "ü"': 3}


def test_a_pinned_file_is_extended(generate, tmp_path):
  pinned = tmp_path / 'pinned.pbtxt'
  pinned.write_text(label_map.dump({'dog': 5}))
  assert label_map.parse(generate({'train': [['cat'], ['dog']]}, pinned=str(pinned))) == {'dog': 5, 'cat': 6}


def test_a_single_class_has_the_names_of_all_splits(generate):
  text = generate({'train': [['dog']], 'eval': [['cat']]}, single_class='object')
  assert label_map.parse_shared(text) == {'object': 1, 'cat': 1, 'dog': 1}


def test_a_single_class_keeps_no_pinned_ids():
  with pytest.raises(ConfigError, match='ids.pbtxt'):
    LabelMapGen(channel.Channel(type=standard_artifacts.Examples), pinned='ids.pbtxt', single_class='object')


def test_a_broken_pinned_file_is_named(generate, tmp_path):
  pinned = tmp_path / 'pinned.pbtxt'
  pinned.write_text('item { id: 0 name: "dog" }')
  with pytest.raises(DataError, match='pinned.pbtxt'):
    generate({'train': [['dog']]}, pinned=str(pinned))


def test_a_missing_pinned_file_fails_when_the_component_is_built(tmp_path):
  with pytest.raises(ConfigError, match='absent.pbtxt'):
    LabelMapGen(examples=channel.Channel(type=standard_artifacts.Examples), pinned=str(tmp_path / 'absent.pbtxt'))
