"""Models for masks and poses become models for boxes."""

import pytest

from detection.odapi.config import config_io
from detection.pipeline_config import changes, patch
from detection.pipeline_config.base import read_base
from tests.support import patching
from tests.support.garden_configs import GARDEN
from tests.support.shared_data import NO_ZOO_CONFIGS, ZOO_CONFIGS


def test_a_mask_model_trains_boxes_and_each_thing_left_out_is_listed():
  base = config_io.parse(GARDEN['mask_rcnn_inception_resnet_v2_1024'])

  complete = patch.patch(base, patching.request())

  listed = changes.render(changes.between(base, complete, ()), 'mask_rcnn')
  assert complete.model.faster_rcnn.number_of_stages == 2
  assert 'predict_instance_masks: true -> (unset)  # the data has no masks' in listed
  assert 'load_instance_masks: true -> (unset)  # the data has no masks' in listed
  assert list(complete.eval_config.metrics_set) == ['coco_detection_metrics']


def test_a_pose_model_without_boxes_gets_a_box_head():
  complete = patch.patch(config_io.parse(GARDEN['centernet_mobilenetv2_fpn_512_kpts']), patching.request())

  assert complete.model.center_net.object_detection_task.localization_loss.HasField('l1_localization_loss')


@pytest.mark.skipif(not ZOO_CONFIGS, reason=NO_ZOO_CONFIGS)
def test_a_pose_model_becomes_a_box_model():
  pose = next(str(path) for path in ZOO_CONFIGS if 'kpts' in path.name)

  complete = patch.patch(config_io.parse(read_base(pose).text), patching.request())

  text = config_io.dump(complete)
  assert 'keypoint' not in text
  assert complete.model.center_net.object_detection_task.localization_loss.HasField('l1_localization_loss')
