"""Labels that cannot be learned are caught before the first step."""

import pytest
import tensorflow as tf

from detection.base.errors import DataError
from detection.odapi.model import inputs
from detection.training import examples_check

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
  ('spoil', 'expected'),
  [
    pytest.param(lambda labels: labels.update(extra=9), '"extra" has id 9', id='an id beyond num_classes'),
    pytest.param(lambda labels: labels.pop('circle'), 'class "circle" is not', id='a class without an id'),
  ],
)
def test_labels_that_cannot_be_learned_are_caught_with_file_names(patched, spoil, expected):
  config, labels = patched()
  examples_check.check_examples(config, labels)
  labels = dict(labels)
  spoil(labels)
  with pytest.raises(DataError, match=expected):
    examples_check.check_examples(config, labels)


def test_a_box_outside_the_image_is_caught_with_its_file_name(patched, tmp_path):
  config, labels = patched()
  path = inputs.record_files(config.train_input_reader)[0]
  example = tf.train.Example.FromString(next(iter(tf.data.TFRecordDataset(path))).numpy())
  example.features.feature['image/object/bbox/xmax'].float_list.value[0] = 1.5
  with tf.io.TFRecordWriter(str(tmp_path / 'bad')) as writer:
    writer.write(example.SerializeToString())
  config.train_input_reader.tf_record_input_reader.input_path[:] = [str(tmp_path / 'bad')]
  name = example.features.feature['image/filename'].bytes_list.value[0].decode()
  with pytest.raises(DataError, match=f'{name}: box'):
    examples_check.check_examples(config, labels)
