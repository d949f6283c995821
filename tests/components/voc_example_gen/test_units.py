"""In which unit corners are: pixels of the image, pixels of another size of it, or fractions."""

import pytest

from components.voc_example_gen import units
from components.voc_example_gen.annotation import Annotation, BoxRule, Object
from components.voc_example_gen.refusals import Reason, RefusedFileError

SIZE = (640, 360)
BOX = (300, 100, 600, 300)


def read(*boxes, declared=SIZE, size=SIZE, relative=False):
  """The corners of all boxes in pixels, to a thousandth, and the rule."""
  annotation = Annotation(tuple(Object('cat', *box) for box in boxes), *declared, relative=relative)
  found, rule = units.in_pixels(annotation, *size)
  return [tuple(round(side, 3) for side in (o.xmin, o.ymin, o.xmax, o.ymax)) for o in found.objects], rule


SCALED = {
  'a third of the labelled size': ((1920, 1080), SIZE, BOX, (100, 33.333, 200, 100)),
  'boxes out of the small image': ((1920, 1080), SIZE, (1500, 900, 1900, 1080), (500, 300, 633.333, 360)),
  'twice the labelled size': ((320, 180), SIZE, (30, 20, 60, 40), (60, 40, 120, 80)),
  'rounded to whole pixels': ((1000, 667), (300, 200), (500, 400, 1000, 667), (150, 119.94, 300, 200)),
  'rounded upwards': ((4032, 3024), (1025, 769), (2016, 1512, 4032, 3024), (512.5, 384.5, 1025, 769)),
  'a little over the edge': ((1920, 1080), SIZE, (-6, 0, 1926, 1083), (-2, 0, 642, 361)),
}


@pytest.mark.parametrize(('declared', 'size', 'box', 'expected'), SCALED.values(), ids=SCALED)
def test_boxes_of_another_size_of_the_same_shape_are_scaled(declared, size, box, expected):
  assert read(box, declared=declared, size=size) == ([expected], BoxRule.SCALED)


AS_THEY_ARE = {
  "the declared size is the image's": (SIZE, BOX),
  'no declared size': ((None, None), BOX),
  'half a declared size': ((None, 1080), BOX),
  'a pixel more': ((641, 361), BOX),
  'a little higher': ((640, 366), BOX),
  'swapped sides': ((360, 640), (30, 20, 300, 300)),
  'swapped sides, and only the image is wide enough': ((360, 640), BOX),
  'a smaller declared size, and the box is out of it': ((320, 180), BOX),
  'any other size, and the box is out of it': ((100, 100), BOX),
  'one pixel': (SIZE, (10, 10, 11, 11)),
  'half a pixel in a picture of pixels': (SIZE, (10.5, 10.5, 11, 11)),
  'an empty box in the corner': (SIZE, (0, 0, 0, 0)),
}


@pytest.mark.parametrize(('declared', 'box'), AS_THEY_ARE.values(), ids=AS_THEY_ARE)
def test_boxes_that_are_the_images_own_stay_as_they_are(declared, box):
  assert read(box, declared=declared) == ([box], None)


UNCLEAR = {
  'another shape, the box in both': ((1920, 1080), (300, 300), [(100, 50, 200, 150)]),
  'another shape, the box out of the image': ((1920, 1080), (300, 300), [BOX]),
  'another shape, some boxes in neither': ((320, 300), SIZE, [(1000, 900, 2000, 1900)]),
  'swapped sides, and the box is out of the image': ((360, 640), SIZE, [(10, 400, 300, 600)]),
  'one box says this, one that': ((360, 640), SIZE, [(10, 400, 300, 600), (500, 10, 600, 300)]),
  'fractions among pixels': (SIZE, SIZE, [(0.1, 0.2, 0.5, 0.5), BOX]),
  'the whole image or one pixel': (SIZE, SIZE, [(0, 0, 1, 1)]),
}


@pytest.mark.parametrize(('declared', 'size', 'boxes'), UNCLEAR.values(), ids=UNCLEAR)
def test_boxes_that_may_be_elsewhere_are_refused(declared, size, boxes):
  with pytest.raises(RefusedFileError) as refused:
    read(*boxes, declared=declared, size=size)
  assert refused.value.reason == Reason.COORDINATES_UNCLEAR


def test_fractions_in_columns_of_pixels_are_read_as_fractions():
  boxes = [(0.25, 0.5, 0.75, 1.0), (0, 0, 1, 1), (0.5, 0.5, 1.001, 0.9)]
  expected = [(160, 180, 480, 360), (0, 0, 640, 360), (320, 180, 640.64, 324)]
  assert read(*boxes) == (expected, BoxRule.FRACTIONS)
  assert read(*boxes, declared=(1, 1)) == (expected, BoxRule.FRACTIONS)


def test_fractions_that_are_declared_as_such_are_left_alone():
  assert read((0.25, 0.5, 0.75, 1.0), relative=True) == ([(0.25, 0.5, 0.75, 1.0)], None)


def test_a_negative_and_boxes_without_numbers_say_nothing():
  assert read(declared=(300, 300)) == ([], None)
  assert units.in_pixels(Annotation((Object('cat', float('nan'), 1, 2, 3),), 300, 300), *SIZE)[1] is None


def test_in_the_smallest_images_a_box_of_one_pixel_is_nothing_odd():
  assert read((0, 0, 1, 1), size=(2, 2), declared=(2, 2)) == ([(0, 0, 1, 1)], None)
