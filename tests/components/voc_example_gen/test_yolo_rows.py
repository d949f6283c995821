"""What the columns of label files mean: decided by all rows of a data set, or refused, never a wrong box."""

import math
import random

import pytest

from components.voc_example_gen import yolo_rows
from components.voc_example_gen.refusals import Reason, RefusedFileError
from components.voc_example_gen.yolo_rows import Columns, Layout


def layouts(text, keypoints=None):
  """The layout of each row, None where it is refused as unclear."""
  columns = Columns(keypoints)
  rows = columns.add(yolo_rows.read(text.encode()))
  return [layout_or_none(columns, row) for row in rows]


def layout_or_none(columns, row):
  try:
    return columns.layout(row)
  except RefusedFileError as refused:
    return None if refused.reason == Reason.COLUMNS_UNCLEAR and f'line {row.line}' in refused.detail else refused


def line(*numbers):
  return '0 ' + ' '.join(f'{number:.6g}' for number in numbers)


def ring(count, x=0.6, y=0.4, radius=0.1, seed=0):
  """The corners of a star-shaped polygon around a centre."""
  rng = random.Random(seed)
  angles = [2 * math.pi * (step + rng.random() * 0.8) / count for step in range(count)]
  sizes = [radius * (0.5 + rng.random()) for _ in angles]
  return [side for a, r in zip(angles, sizes, strict=True) for side in (x + r * math.cos(a), y + r * math.sin(a))]


def pose(count, size, seed=0, visibility=2):
  rng = random.Random(seed)
  x, y, width, height = (rng.uniform(*limits) for limits in ((0.3, 0.7), (0.3, 0.7), (0.2, 0.4), (0.2, 0.4)))
  keypoints = []
  for _ in range(count):
    keypoints += [x + width * rng.uniform(-0.5, 0.5), y + height * rng.uniform(-0.5, 0.5), visibility][:size]
  return [x, y, width, height, *keypoints]


def many(make, count=20):
  return '\n'.join(line(*make(seed)) for seed in range(count))


def quad(seed):
  """A rotated rectangle."""
  rng = random.Random(seed)
  x, y, a, b, angle = rng.random(), rng.random(), rng.uniform(0.02, 0.2), rng.uniform(0.02, 0.2), rng.random()
  ax, ay, bx, by = a * math.cos(angle), a * math.sin(angle), -b * math.sin(angle), b * math.cos(angle)
  return [x - ax - bx, y - ay - by, x + ax - bx, y + ay - by, x + ax + bx, y + ay + by, x - ax + bx, y - ay + by]


def closed(seed):
  polygon = ring(6, seed=seed)
  return [*polygon, *polygon[:2]]


def varied(seed):
  return ring(5 + seed % 7, seed=seed)


BOX = [0.5, 0.5, 0.2, 0.2]
CERTAIN = {
  'boxes': (line(*BOX), Layout.BOX),
  'boxes with a confidence': (line(*BOX, 0.93), Layout.BOX),
  'boxes with a track number': (line(*BOX, 17), Layout.BOX),
  'boxes with both': (f'{line(*BOX, 0.93, 17)}\n{line(*BOX, 0.9, 1)}', Layout.BOX),
  'boxes with both, turned': (f'{line(*BOX, 17, 0.93)}\n{line(*BOX, 1, 0.9)}', Layout.BOX),
  'a triangle': ('0 0.1 0.2 0.5 0.3 0.2 0.9', Layout.POLYGON),
  'keypoints with visibility': (many(lambda seed: pose(4, 3, seed)), Layout.BOX),
  'keypoints without': (many(lambda seed: pose(17, 2, seed)), Layout.BOX),
  'keypoints and a confidence': (many(lambda seed: [*pose(17, 3, seed, 0.7), 0.9]), Layout.BOX),
  'keypoints, confidence and track': (many(lambda seed: [*pose(17, 3, seed, 0.7), 0.9, seed]), Layout.BOX),
  'unlabelled keypoints': (many(lambda seed: [*pose(3, 3, seed), 0, 0, 0]), Layout.BOX),
  'oriented boxes': (many(quad), Layout.POLYGON),
  'polygons': (many(varied), Layout.POLYGON),
  'polygons that end where they begin': (
    many(closed),
    Layout.POLYGON,
  ),
  'polygons with a confidence': (
    many(lambda seed: [*varied(seed), 0.8]),
    Layout.POLYGON_WITH_CONFIDENCE,
  ),
}


@pytest.mark.parametrize(('text', 'expected'), CERTAIN.values(), ids=CERTAIN)
def test_rows_that_have_one_meaning(text, expected):
  assert set(layouts(text)) == {expected}


UNCLEAR = {
  'a triangle, or a box with a track': line(*BOX, 0.9, 1),
  'an angle': f'{line(*BOX, 0.5)}\n{line(*BOX, -0.5)}',
  'a distance': line(*BOX, 35.2),
  'a confidence before the box': line(0.93, 0.5, 0.5, 0.2, 0.2),
  'small polygons inside what could be a box': many(lambda seed: ring(8, 0.5, 0.5, 0.05, seed)),
  'pixels': line(320, 240, 100, 100, 50, 60),
  'not a number': line(*ring(4), math.nan),
}


@pytest.mark.parametrize('text', UNCLEAR.values(), ids=UNCLEAR)
def test_rows_that_may_mean_several_things_are_refused(text):
  assert set(layouts(text)) <= {None, Layout.BOX}
  assert None in layouts(text)


def test_boxes_and_polygons_in_one_file_are_each_read():
  text = f'{line(*BOX)}\n{many(lambda seed: ring(4 + seed, 0.3, 0.3, seed=seed), 5)}'
  assert layouts(text) == [Layout.BOX] + [Layout.POLYGON] * 5


def test_a_cut_polygon_among_whole_ones_is_refused():
  text = f'{line(*ring(6))}\n{line(*ring(7))}\n{line(*ring(9))}\n{line(*ring(8)[:-1])}'
  assert layouts(text) == [Layout.POLYGON] * 3 + [None]


def test_kpt_shape_decides():
  text = '\n'.join([line(*pose(4, 3, 1, 1)), line(*pose(4, 3, 2, 0), 0.9), line(*BOX), line(*ring(5))])
  assert layouts(text, (4, 3)) == [Layout.BOX] * 3 + [None]


def test_kpt_shape_decides_for_one_keypoint_too():
  assert layouts(line(0.25, 0.5, 0.3, 0.5, 0.25, 0.5), (1, 2)) == [Layout.BOX]


def test_one_odd_row_does_not_change_the_others():
  assert layouts(many(quad, 40) + '\n' + line(9, 9, 9, 9, 9, 9, 9, 9)) == [Layout.POLYGON] * 40 + [None]


def test_corners_of_each_layout():
  assert corners('0 0.5 0.5 0.2 0.4 0.9') == pytest.approx((0.4, 0.3, 0.6, 0.7))
  assert corners('0 0.1 0.2 0.5 0.3 0.2 0.9') == (0.1, 0.2, 0.5, 0.9)
  assert corners('0 0.1 0.2 0.5 0.3 0.2 0.9 1') == (0.1, 0.2, 0.5, 0.9)


def corners(text):
  columns = Columns(None)
  (row,) = columns.add(yolo_rows.read(text.encode()))
  return columns.corners(row)


@pytest.mark.parametrize(
  'content', [b'cat 1 1 1 1', b'0 1 1 1', b'-1 0 0 0 0', b'0.5 0 0 0 0', b'\xff\xfe\x00\x01\x02']
)
def test_what_is_no_row_is_malformed(content):
  with pytest.raises(RefusedFileError) as refused:
    yolo_rows.read(content)
  assert refused.value.reason == Reason.ANNOTATION_MALFORMED


def test_rows_in_utf16_are_read():
  assert yolo_rows.read('0 0.5 0.5 0.2 0.2\r\n'.encode('utf-16'))[0].values == (0.5, 0.5, 0.2, 0.2)
