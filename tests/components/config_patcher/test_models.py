"""Every base on this stack: built, trained for two steps, exported, loaded and asked. DETECTION_ALL_BASES=1 for all."""

import os
import pathlib
import re

import numpy as np
import pytest
import tensorflow as tf

from components.config_patcher import bases, catalogue, patch, portable, transfer
from components.detector import Detector
from components.odapi import config_io, label_map
from tests.components.config_patcher import conftest, test_patch

# One of each family, the quickest; the others differ in size alone.
QUICKEST = (
  'ssd_mobilenet_v2_fpnlite_cpu_160',
  'efficientdet_cpu_192',
  'centernet_mobilenet_v2_fpn_cpu_256',
  'faster_rcnn_resnet50_v1_640',
)
CHOSEN = catalogue.names() if os.environ.get('DETECTION_ALL_BASES') else QUICKEST
CLASSES = {**conftest.LABELS, **{f'class {number}': number for number in range(3, 91)}}


def shrink(config, side):
  """The same model with a smaller input."""
  resizer = getattr(config.model, config.model.WhichOneof('model')).image_resizer
  if resizer.HasField('fixed_shape_resizer'):
    resizer.fixed_shape_resizer.height = resizer.fixed_shape_resizer.width = side
  else:
    resizer.keep_aspect_ratio_resizer.min_dimension = resizer.keep_aspect_ratio_resizer.max_dimension = side
  return config


def reduced_side(name):
  # A two-way pyramid up to level 7 wants multiples of 128.
  return {'efficientdet_cpu_192': 192}.get(name, 256 if name.startswith('efficientdet') else 160)


@pytest.fixture(scope='module')
def request_for_two_steps(tmp_path_factory):
  root = tmp_path_factory.mktemp('models')
  examples = conftest.write_examples(root / 'examples', {'train': 4, 'eval': 2})
  (root / 'label_map.pbtxt').write_text(label_map.dump(CLASSES))
  return patch.Request(
    num_classes=len(CLASSES),
    label_map_path=str(root / 'label_map.pbtxt'),
    train_path=f'{examples.uri}/Split-train/*',
    eval_path=f'{examples.uri}/Split-eval/*',
    num_steps=2,
    batch_size=1,
  )


@pytest.mark.slow
@pytest.mark.parametrize('name', CHOSEN)
def test_a_base_builds_trains_exports_and_predicts(name, request_for_two_steps, tmp_path):
  from components.odapi import engine, export, inputs

  config = patch.patch(shrink(config_io.parse(catalogue.text(name)), reduced_side(name)), request_for_two_steps)
  built = engine.Engine(config)
  before = [variable.numpy() for variable in built.trainable]
  batches = built.batches(inputs.InputOptions(cache='none'))
  for _ in range(2):
    built.train_step(batches)
  export.save(built.model, str(tmp_path))
  (tmp_path / 'label_map.pbtxt').write_text(label_map.dump(CLASSES))

  outputs = tf.saved_model.load(str(tmp_path)).signatures['serving_default'](tf.constant(conftest.picture()[None]))
  (found,) = Detector(str(tmp_path)).detect([conftest.picture()])

  # EfficientNets carry the last layers of their classifier along, which a detector never uses.
  unused = ('logits/', 'top_')
  used = [variable for variable in built.model.trainable_variables if not variable.name.startswith(unused)]
  counted = sum(variable.shape.num_elements() for variable in used)
  stated = next(entry.parameters for entry in catalogue.entries() if entry.name == name)
  assert f'{counted:,}' == stated
  assert any((variable.numpy() != value).any() for variable, value in zip(built.trainable, before, strict=True))
  # Two steps leave the averages of batch norm far off, so a two-stage model may be sure that there is nothing.
  assert outputs['detection_scores'].shape[1] >= 100
  assert all(np.isfinite(value).all() for value in outputs.values())
  assert len(found) == int(outputs['num_detections'][0])
  assert ((found.boxes >= 0) & (found.boxes <= 1)).all()
  assert set(found.names) <= set(CLASSES)
  assert_backbone_is_told_from_heads(config, built)


def assert_backbone_is_told_from_heads(config, built):
  """Freezing the backbone's patterns leaves some variables, and freezes just those a classifier would bring."""
  patterns = transfer.backbone_variables(portable.extractor(config))
  names = {variable.name for variable in built.model.trainable_variables}
  frozen = {name for name in names if any(re.search(pattern, name) for pattern in patterns)}
  extractor = built.model._feature_extractor
  classifier = {v.name for v in extractor.classification_backbone.trainable_variables} & names
  assert frozen
  assert frozen < names
  assert frozen <= classifier


@pytest.mark.slow
@pytest.mark.parametrize('name', test_patch.BASES, ids=lambda name: pathlib.Path(name).stem)
def test_the_od_apis_model_builder_builds_what_was_patched(name, request_for_two_steps):
  from components.odapi import compat  # noqa: F401  isort: skip
  from object_detection.builders import model_builder

  complete = patch.patch(config_io.parse(bases.read(name).text), request_for_two_steps)
  again = config_io.parse(config_io.dump(complete))

  assert model_builder.build(again.model, is_training=True).num_classes == len(CLASSES)
