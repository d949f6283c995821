import json

import numpy as np
import pytest

from detection.odapi.config import config_io, config_path
from detection.pipeline_config import anchors, data_checks, sizes, split_boxes
from tests.support import drawn_examples, patching

RANDOM = np.random.default_rng(7)


def truth(boxes, names=None, size=(640, 640), images=None):
  boxes = np.array(boxes, dtype=np.float32).reshape(-1, 4)
  count = len(boxes)
  return split_boxes.SplitBoxes(
    boxes=boxes,
    names=np.array(names or ['cat'] * count, dtype=object),
    heights=np.full(count, size[0]),
    widths=np.full(count, size[1]),
    images=count if images is None else images,
    most=count,
  )


def some_boxes(count, shortest, longest, window):
  sides = np.exp(RANDOM.uniform(np.log(shortest), np.log(longest), (count, 2)))
  corners = RANDOM.uniform(0, 1, (count, 2)) * (window - sides)
  return np.concatenate([corners, corners + sides], axis=1)


@pytest.mark.slow
@pytest.mark.parametrize(
  ('name', 'maps'),
  [
    ('ssd_mobilenet_v2_fpnlite_320', [(40, 40), (20, 20), (10, 10), (5, 5), (3, 3)]),
    ('ssd_mobilenet_v2_320', [(19, 19), (10, 10), (5, 5), (3, 3), (2, 2), (1, 1)]),
    ('faster_rcnn_resnet50_v1_640', [(40, 40)]),
  ],
)
def test_the_best_overlap_is_that_with_the_od_apis_own_anchors(name, maps):
  from detection.odapi import compat  # noqa: F401  isort: skip
  from object_detection.builders import anchor_generator_builder

  config = patching.complete(name)
  height = sizes.input_size(config)
  generator = anchor_generator_builder.build(anchors.generator(config))
  two_stage = name.startswith('faster')
  made = generator.generate(maps, **({} if two_stage else {'im_height': height, 'im_width': height}))
  theirs = np.concatenate([grid.get().numpy() for grid in made])
  if two_stage:  # in pixels; those that stick out are not trained
    theirs = theirs[(theirs[:, :2] >= 0).all(axis=1) & (theirs[:, 2:] <= height).all(axis=1)]
  else:
    theirs = theirs * height
  boxes = some_boxes(300, 8, 0.9 * height, height)

  overlap = anchors.best_overlap(config, boxes)

  np.testing.assert_allclose(overlap, iou(boxes, theirs).max(axis=1), atol=1e-4)


def iou(boxes, others):
  low = np.maximum(boxes[:, None, :2], others[None, :, :2])
  high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
  common = (high - low).clip(0).prod(axis=2)
  areas = [(b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes, others)]
  return common / (areas[0][:, None] + areas[1][None] - common)


def test_boxes_too_small_for_the_anchors_are_counted_by_class_and_size():
  config = patching.complete()
  large, tiny = [0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.12, 0.12]

  found = data_checks.check(
    config, truth([large, large, large, tiny], ['cat', 'cat', 'dog', 'dog']), {'cat': 1, 'dog': 2}
  )

  assert found.anchored == {'all': 0.75, 'small': 0.0, 'large': 1.0, 'class cat': 1.0, 'class dog': 0.5}
  assert found.below_stride == 0.25
  assert any('only 75% of the boxes have an anchor' in warning for warning in found.warnings)
  assert any('smaller than the finest stride, 8 px' in warning for warning in found.warnings)


def test_boxes_are_measured_after_resizing():
  square = patching.complete()
  kept = patching.complete('efficientdet_d0_512')
  wide = truth([[0, 0, 0.5, 0.5]], size=(100, 400))

  assert data_checks.in_model_pixels(square, wide).tolist() == [[0, 0, 160, 160]]
  assert data_checks.in_model_pixels(kept, wide).tolist() == [[0, 0, 64, 256]]


@pytest.mark.parametrize(
  'name', ['ssd_mobilenet_v2_fpnlite_320', 'ssd_mobilenet_v2_320', 'faster_rcnn_resnet50_v1_640']
)
def test_fitted_anchors_meet_more_boxes_and_keep_the_heads_shape(name):
  config = patching.complete(name)
  size = sizes.input_size(config)
  long_and_thin = np.array([[y, x, y + 0.05, x + 0.4] for y, x in RANDOM.uniform(0, 0.55, (200, 2))]) * size

  suggested = anchors.suggest(config, long_and_thin)
  fitted = patching.complete(name, **suggested)

  before, after = (anchors.best_overlap(c, long_and_thin) for c in (config, fitted))
  assert (after >= 0.5).mean() > (before >= 0.5).mean() + 0.2
  assert [len(grid.shapes) for grid in anchors.grids(fitted)] == [len(grid.shapes) for grid in anchors.grids(config)]


def test_anchors_that_meet_every_box_are_left_alone():
  assert data_checks.check(patching.complete(), truth([[0.1, 0.1, 0.5, 0.5]]), {'cat': 1}).suggestions == {}


def test_kmeans_finds_the_clusters():
  values = np.concatenate([RANDOM.normal(centre, 0.01, 50) for centre in (-1, 0, 2)])

  np.testing.assert_allclose(anchors.kmeans(values, 3), [-1, 0, 2], atol=0.05)


@pytest.mark.parametrize(
  ('given', 'known', 'expected'),
  [
    pytest.param(
      truth([[0, 0, 1, 1]], ['cow']), {'cat': 1}, 'not in the label map, so left out of training: cow', id='class'
    ),
    pytest.param(truth([[0, 0, 1, 1]]), {'cat': 1, 'dog': 2}, 'not in the train split: dog', id='no example'),
    pytest.param(truth([[0, 0, 1, 1]] * 101, images=1), {'cat': 1}, 'max_number_of_boxes is 100', id='crowd'),
    pytest.param(truth([[0, 0, 1, 1]], images=1), {'cat': 1}, 'batches of 4, but 1 images', id='few images'),
  ],
)
def test_data_that_does_not_fit_is_warned_of(given, known, expected):
  found = data_checks.check(patching.complete(), given, known)

  assert any(expected in warning for warning in found.warnings)
  assert expected in data_checks.render(found)


def test_a_name_without_boxes_is_no_trouble_where_others_share_its_id():
  given = truth([[0, 0, 1, 1]] * 8, ['cat'] * 8, images=8)
  assert data_checks.check(patching.complete(), given, {'object': 1, 'cat': 1}).warnings == []


def test_no_boxes_and_no_anchors_are_no_trouble():
  assert data_checks.check(patching.complete(), truth([]), {}).anchored == {}
  assert (
    data_checks.check(patching.complete('centernet_resnet50_v2_512'), truth([[0, 0, 1, 1]]), {'cat': 1}).anchored == {}
  )


def test_a_batch_no_gpu_holds_is_warned_of_with_one_that_fits():
  found = data_checks.check(patching.complete('efficientdet_d2_768', **{'train_config.batch_size': 128}), truth([]), {})

  assert any('a batch of 128 takes some' in warning for warning in found.warnings)
  assert data_checks.check(patching.complete('ssd_mobilenet_v2_fpnlite_cpu_160'), truth([]), {}).warnings == []


def test_boxes_are_read_from_the_examples(tmp_path):
  examples = drawn_examples.write_examples(tmp_path / 'examples', {'train': 300})

  found = split_boxes.read(f'{examples.uri}/Split-train/*')

  assert (found.images, found.most, found.boxes.shape) == (300, 1, (300, 4))
  assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
  assert set(found.names) == set(drawn_examples.LABELS)
  assert set(found.heights) == set(found.widths) == {96}
  assert split_boxes.read(f'{examples.uri}/Split-train/*', limit=10).images == 10


def test_the_executor_fits_anchors_when_asked_and_leaves_its_findings(run_executor):
  scale = 'model.ssd.anchor_generator.multiscale_anchor_generator.anchor_scale'
  small = {'text': 'model { ssd { anchor_generator { multiscale_anchor_generator { anchor_scale: 0.25 } } } }'}

  folder = run_executor(overrides=small)
  shares = json.loads((folder / 'checks.json').read_text())['anchored']
  fitted_folder = run_executor(overrides={**small, 'fit_anchors': True})
  fitted_shares = json.loads((fitted_folder / 'checks.json').read_text())['anchored']

  assert sorted(p.name for p in folder.iterdir()) == ['changes.txt', 'checks.json', 'checks.txt', 'pipeline.config']
  assert config_path.get(config_io.parse((fitted_folder / 'pipeline.config').read_text()), scale) > 0.25
  assert fitted_shares['all'] > shares['all'] + 0.2
