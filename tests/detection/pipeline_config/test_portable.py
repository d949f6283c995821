import pytest

from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.pipeline_config import changes, patch, portable
from detection.pipeline_config.base import read_base
from tests.support import patching
from tests.support.shared_data import NO_ZOO_CONFIGS, ZOO_CONFIGS

TPU = """
model { faster_rcnn { feature_extractor { type: "faster_rcnn_resnet50_keras" } use_static_shapes: true
  use_matmul_crop_and_resize: true clip_anchors_to_image: true image_resizer { fixed_shape_resizer {} } } }
train_config { batch_size: 64 num_steps: 1000 use_bfloat16: true sync_replicas: true replicas_to_aggregate: 8
  startup_delay_steps: 0 unpad_groundtruth_tensors: false optimizer { momentum_optimizer { learning_rate {
  constant_learning_rate { learning_rate: 0.64 } } } } }
"""


def extractor(family, kind):
  return config_io.parse(f'model {{ {family} {{ feature_extractor {{ type: "{kind}" }} }} }}')


def test_tpu_settings_are_turned_off_and_each_change_is_listed():
  base = config_io.parse(TPU)

  complete = patch.patch(base, patching.request(batch_size=8, num_steps=1000))

  train = complete.train_config
  assert not train.use_bfloat16
  assert not train.sync_replicas
  assert not complete.model.faster_rcnn.use_static_shapes
  assert complete.model.faster_rcnn.clip_anchors_to_image
  rate = train.optimizer.momentum_optimizer.learning_rate.constant_learning_rate.learning_rate
  assert rate == pytest.approx(0.64 * (8 / 64) ** 0.5)
  listed = changes.render(changes.between(base, complete, ()), 'base')
  for line in (
    'train_config.use_bfloat16: true -> (unset)  # works on TPUs alone',
    'train_config.batch_size: 64 -> 8',
    'constant_learning_rate.learning_rate: 0.64 -> 0.2262742  # scaled to the batch size',
    'model.faster_rcnn.use_static_shapes: true -> (unset)',
  ):
    assert line in listed


@pytest.mark.skipif(not ZOO_CONFIGS, reason=NO_ZOO_CONFIGS)
@pytest.mark.parametrize('path', ZOO_CONFIGS, ids=lambda path: path.stem)
def test_no_tpu_setting_of_a_zoo_config_survives(path):
  text = config_io.dump(patch.patch(config_io.parse(read_base(str(path)).text), patching.request()))

  for name in ('bfloat16', 'sync_replicas', 'replicas_to_aggregate', 'static_shapes', 'matmul_crop'):
    assert name not in text


@pytest.mark.parametrize(
  ('family', 'kind', 'expected'),
  [
    ('ssd', 'ssd_mobilenet_v2', 'for TF 1 alone. Its TF 2 successor: "ssd_mobilenet_v2_keras"'),
    ('ssd', 'ssd_inception_v2', 'Its TF 2 successor: "ssd_resnet50_v1_fpn_keras"'),
    ('faster_rcnn', 'faster_rcnn_resnet101', 'Its TF 2 successor: "faster_rcnn_resnet101_keras"'),
    ('faster_rcnn', 'faster_rcnn_nas', 'Its TF 2 successor: "faster_rcnn_inception_resnet_v2_keras"'),
    ('ssd', 'ssd_mobilnet_v2_keras', 'nearest: "ssd_mobilenet_v2_keras"'),
    ('center_net', 'resnet_v2_5', 'nearest: "resnet_v2_50"'),
  ],
)
def test_what_only_tf1_builds_is_refused_with_its_successor(family, kind, expected):
  with pytest.raises(ConfigError) as caught:
    portable.make_portable(extractor(family, kind))

  assert f'model.{family}.feature_extractor.type: ' in str(caught.value)
  assert expected in str(caught.value)


def test_several_reasons_are_refused_together():
  config = extractor('faster_rcnn', 'faster_rcnn_nas')
  config.model.faster_rcnn.second_stage_box_predictor.rfcn_box_predictor.SetInParent()

  with pytest.raises(ConfigError, match='faster_rcnn_nas.*R-FCN is for TF 1 alone'):
    portable.make_portable(config)


def test_readers_nobody_else_has_are_read_over():
  text = """model { ssd { feature_extractor { type: "ssd_mobilenet_v2_keras" } } }
    train_input_reader { external_input_reader { [object_detection.protos.GoogleInputReader.google_input_reader] {
      ss_table_input_reader: { input_path: "/somewhere" } } } }"""

  assert config_io.parse(text).model.HasField('ssd')
