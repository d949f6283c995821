import pytest

from detection.base.errors import ConfigError
from detection.odapi import backbones
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases


def config_of(base):
  return config_io.parse(builtin_bases.text(base), base)


@pytest.mark.parametrize(
  ('base', 'network', 'multiplier'),
  [
    ('ssd_mobilenet_v2_fpnlite_cpu_160', 'MobileNetV2', 0.35),
    ('centernet_mobilenet_v2_fpn_cpu_256', 'MobileNetV2', 0.35),
    ('faster_rcnn_resnet101_v1_640', 'ResNet101', 1.0),
    ('efficientdet_d2_768', 'EfficientNetB2', 1.0),
  ],
)
def test_a_config_names_its_backbone(base, network, multiplier):
  found = backbones.of(config_of(base))
  assert (found.network.name, found.multiplier, found.bgr) == (network, multiplier, False)


def test_a_backbone_without_published_weights_is_refused():
  config = config_of('centernet_resnet50_v2_512')
  config.model.center_net.feature_extractor.type = 'hourglass_104'
  with pytest.raises(ConfigError, match=r'the backbone hourglass_104 takes no published weights'):
    backbones.of(config)


def test_a_config_is_made_as_the_published_network_is():
  narrow = config_of('ssd_mobilenet_v2_fpnlite_cpu_160')
  backbones.take_published_weights(narrow)
  assert narrow.model.ssd.feature_extractor.min_depth == 8
  centernet = config_of('centernet_resnet50_v2_512')
  centernet.model.center_net.feature_extractor.channel_means[:] = [123.7, 116.3, 103.5]
  centernet.model.center_net.feature_extractor.bgr_ordering = True
  backbones.take_published_weights(centernet)
  assert centernet == config_of('centernet_resnet50_v2_512')
