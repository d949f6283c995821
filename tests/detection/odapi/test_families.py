"""The table of model families: what it says is what the OD API builds, and what depends on it."""

import re

import pytest

from detection.base.errors import ConfigError
from detection.odapi import families
from detection.odapi.config import config_io
from detection.odapi.families import FAMILIES
from detection.pipeline_config import builtin_bases
from detection.pipeline_config.base import read_base


@pytest.mark.slow
def test_the_known_extractors_are_those_the_od_api_builds():
  from object_detection.builders import model_builder

  from detection.odapi import model  # noqa: F401 - mends the OD API

  assert set(FAMILIES['ssd'].extractors) == set(model_builder.SSD_KERAS_FEATURE_EXTRACTOR_CLASS_MAP)
  assert set(FAMILIES['faster_rcnn'].extractors) == set(model_builder.FASTER_RCNN_KERAS_FEATURE_EXTRACTOR_CLASS_MAP)
  assert set(FAMILIES['center_net'].extractors) == set(model_builder.CENTER_NET_EXTRACTOR_FUNCTION_MAP)


@pytest.mark.parametrize(
  ('kind', 'backbone', 'head'),
  [
    ('ssd_mobilenet_v2_fpn_keras', 'block_3_expand/kernel', 'WeightSharedConvolutionalBoxPredictor/kernel'),
    ('ssd_efficientnet-b7_bifpn_keras', 'stack_1/block_0/kernel', 'node_04/kernel'),
    ('faster_rcnn_resnet50_keras', 'conv4_block1_1_conv/kernel', 'conv5_block1_1_conv/kernel'),
    ('faster_rcnn_resnet50_fpn_keras', 'conv5_block1_1_conv/kernel', 'FPN/kernel'),
    ('hourglass_104', 'hourglass_network/hourglass/kernel', 'center_head/kernel'),
  ],
)
def test_the_backbone_is_told_from_the_heads_by_name(kind, backbone, head):
  pattern = next(row.extractors[kind] for row in FAMILIES.values() if kind in row.extractors).backbone
  assert re.search(pattern, backbone)
  assert not re.search(pattern, head)


@pytest.mark.parametrize('family', FAMILIES.values(), ids=lambda family: family.name)
def test_every_field_that_a_row_names_is_in_the_proto(family):
  message = getattr(config_io.Config().model, family.name)
  for path in (*family.for_tpu, *family.other_tasks, *family.tf1_parts, family.anchors, family.clips_anchors):
    inner = message
    for name in path.split('.') if path else ():
      assert name in inner.DESCRIPTOR.fields_by_name, path
      inner = getattr(inner, name)
  every_extractor = {name for row in FAMILIES.values() for name in row.extractors}
  assert set(family.successors.values()) <= every_extractor


def test_the_row_of_a_config():
  config = config_io.parse('model { faster_rcnn { feature_extractor { type: "faster_rcnn_resnet101_keras" } } }')
  assert families.of(config) is FAMILIES['faster_rcnn']
  assert families.body(config) is config.model.faster_rcnn
  assert families.extractor(config).memory.millions == 47


@pytest.mark.parametrize(
  ('text', 'name'), [('model { experimental_model { name: "x" } }', 'experimental_model'), ('', 'None')]
)
def test_a_model_without_a_row_is_refused_by_name(text, name):
  with pytest.raises(ConfigError, match=f'model.{name}: not built .* Expected one of ssd, faster_rcnn, center_net'):
    families.of(config_io.parse(text))


@pytest.mark.parametrize('name', builtin_bases.names())
def test_every_built_in_base_but_faster_rcnn_adapts_and_can_be_converted(name):
  config = config_io.parse(read_base(name).text)
  if not name.startswith('faster_rcnn'):
    families.check_tflite(config)
    families.check_adapts(config)
    return
  with pytest.raises(ConfigError, match=r'export.tflite: .* family faster_rcnn\. Choose another base'):
    families.check_tflite_family(config)
  with pytest.raises(ConfigError, match='adapt: not for model faster_rcnn'):
    families.check_adapts(config)


@pytest.mark.parametrize(
  'resizer',
  [
    'keep_aspect_ratio_resizer { min_dimension: 600 max_dimension: 1024 pad_to_max_dimension: true }',
    'keep_aspect_ratio_resizer { min_dimension: 600 max_dimension: 600 }',
    'identity_resizer {}',
  ],
)
def test_images_of_many_sizes_cannot_be_converted(resizer):
  config = config_io.parse(f'model {{ ssd {{ image_resizer {{ {resizer} }} }} }}')
  with pytest.raises(ConfigError, match='images of one size'):
    families.check_tflite(config)
