"""Every base on this stack: built, trained for two steps, exported, loaded and asked; its facts counted."""

import contextlib
import gc
import re

import numpy as np
import pytest
import tensorflow as tf

from detection.inference.detector import Detector
from detection.odapi import families, label_map
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, patch
from detection.pipeline_config.base import read_base
from tests.support import drawn_examples
from tests.support.shared_data import ZOO_CONFIGS

FEW = dict(drawn_examples.LABELS)
COCO = {**FEW, **{f'class {number}': number for number in range(3, 91)}}
# One of each family takes its steps in a graph, as training does. The others differ in size alone, and tracing their
# steps would cost more than all else: they take them eagerly.
TRACED = (
  'ssd_mobilenet_v2_fpnlite_cpu_160',
  'efficientdet_cpu_192',
  'centernet_mobilenet_v2_fpn_cpu_256',
  'faster_rcnn_resnet50_v1_640',
)
# EfficientDet D0 and the CPU-sized one stand for whole pyramids and heads; proposals are all alike.
FLAT = {
  'model.ssd.feature_extractor.bifpn.num_iterations': 1,
  'model.ssd.box_predictor.weight_shared_convolutional_box_predictor.num_layers_before_predictor': 1,
}
SHORTER = {
  'efficientdet_d1_640': FLAT,
  'efficientdet_d2_768': FLAT,
  'faster_rcnn_inception_resnet_v2_640': {
    'model.faster_rcnn.first_stage_max_proposals': 20,
    'model.faster_rcnn.second_stage_batch_size': 20,
  },
}


def shrunk(name):
  """A built-in base with a smaller input."""
  config = config_io.parse(builtin_bases.text(name))
  resizer = getattr(config.model, config.model.WhichOneof('model')).image_resizer
  # A two-way pyramid up to level 7 wants multiples of 128.
  side = {'efficientdet_cpu_192': 192}.get(name, 256 if name.startswith('efficientdet') else 160)
  if resizer.HasField('fixed_shape_resizer'):
    resizer.fixed_shape_resizer.height = resizer.fixed_shape_resizer.width = side
  else:
    resizer.keep_aspect_ratio_resizer.min_dimension = resizer.keep_aspect_ratio_resizer.max_dimension = side
  return config


@pytest.fixture(scope='module')
def request_for_two_steps(tmp_path_factory):
  root = tmp_path_factory.mktemp('models')
  examples = drawn_examples.write_examples(root / 'examples', {'train': 4, 'eval': 2})

  def request(labels, **overrides):
    (root / 'label_map.pbtxt').write_text(label_map.dump(labels))
    return patch.Request(
      num_classes=len(labels),
      label_map_path=str(root / 'label_map.pbtxt'),
      train_path=f'{examples.uri}/Split-train/*',
      eval_path=f'{examples.uri}/Split-eval/*',
      num_steps=2,
      batch_size=1,
      overrides=overrides,
    )

  return request


@contextlib.contextmanager
def eager(enabled):
  tf.config.run_functions_eagerly(enabled)
  try:
    yield
  finally:
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope='module', autouse=True)
def _spared_collector():
  # Graphs are millions of objects: what is there already need not be looked through again and again.
  gc.collect()
  gc.freeze()
  yield
  gc.unfreeze()


@pytest.fixture(autouse=True)
def _forgotten_models():
  tf.keras.backend.clear_session()
  gc.collect()


@pytest.mark.slow
@pytest.mark.parametrize('name', builtin_bases.names())
def test_a_base_builds_trains_exports_and_predicts(name, request_for_two_steps, tmp_path):
  from detection.odapi.model import engine, export, inputs

  built = engine.Engine(patch.patch(shrunk(name), request_for_two_steps(FEW, **SHORTER.get(name, {}))))
  before = [variable.numpy() for variable in built.trainable]
  batches = built.batches(inputs.InputOptions(cache='none'))
  with eager(name not in TRACED):
    losses = [built.train_step(batches)[0] for _ in range(2)]
  export.save(built.model, str(tmp_path), FEW)
  (tmp_path / 'label_map.pbtxt').write_text(label_map.dump(FEW))
  (found,) = Detector(str(tmp_path)).detect([drawn_examples.picture()])

  assert all(np.isfinite(value) for step in losses for value in step.values())
  assert any((variable.numpy() != value).any() for variable, value in zip(built.trainable, before, strict=True))
  # Two steps leave the averages of batch norm far off, so a two-stage model may be sure that there is nothing.
  assert len(found) == 100 or 'faster_rcnn' in name
  assert np.isfinite(found.scores).all()
  assert ((found.boxes >= 0) & (found.boxes <= 1)).all()
  assert set(found.names) <= set(FEW)


@pytest.mark.slow
@pytest.mark.parametrize('name', builtin_bases.names())
def test_the_listed_parameters_are_those_of_the_built_model(name, request_for_two_steps):
  from detection.odapi.model import building

  config = patch.patch(shrunk(name), request_for_two_steps(COCO))
  model = building.build_model(config)

  # EfficientNets carry the last layers of their classifier along, which a detector never uses.
  unused = ('logits/', 'top_')
  used = [variable for variable in model.trainable_variables if not variable.name.startswith(unused)]
  counted = sum(variable.shape.num_elements() for variable in used)
  assert counted == builtin_bases.get(name).parameters
  assert_backbone_is_told_from_heads(config, model)


def assert_backbone_is_told_from_heads(config, model):
  """Freezing the backbone's patterns leaves some variables, and freezes just those a classifier would bring."""
  pattern = families.extractor(config).backbone
  names = {variable.name for variable in model.trainable_variables}
  frozen = {name for name in names if re.search(pattern, name)}
  classifier = {v.name for v in model._feature_extractor.classification_backbone.trainable_variables} & names
  assert frozen
  assert frozen < names
  assert frozen <= classifier


@pytest.mark.slow
@pytest.mark.parametrize('path', ZOO_CONFIGS, ids=lambda path: path.stem)
def test_the_od_apis_model_builder_builds_what_was_patched(path, request_for_two_steps):
  from detection.odapi import compat

  compat.apply()
  from object_detection.builders import model_builder

  complete = patch.patch(config_io.parse(read_base(str(path)).text), request_for_two_steps(COCO))
  again = config_io.parse(config_io.dump(complete))

  assert model_builder.build(again.model, is_training=True).num_classes == len(COCO)
