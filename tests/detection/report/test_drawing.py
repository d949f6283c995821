"""Boxes on images."""

import numpy as np
import PIL.Image
import pytest

from detection.report import drawing

GREY = (100, 100, 100)


def grey(size=(200, 100), mode='RGB'):
  return PIL.Image.new('RGB', size, GREY).convert(mode)


def test_a_box_is_drawn_where_it_says_and_the_image_itself_is_left_alone():
  image = grey()
  drawn = drawing.draw_boxes(image, np.array([[0.2, 0.1, 0.8, 0.5]]), [''], ['#ff0000'])
  assert drawn.getpixel((20, 50)) == (255, 0, 0)  # xmin = 0.1 of 200
  assert drawn.getpixel((60, 20)) == (255, 0, 0)  # ymin = 0.2 of 100
  assert drawn.getpixel((60, 50)) == GREY
  assert set(image.getdata()) == {GREY}


@pytest.mark.parametrize('box', [(0, 0, 1, 1), (-1, -1, 2, 2), (0.5, 0.5, 0.5, 0.5), (0.95, 0.95, 1, 1)])
@pytest.mark.parametrize('mode', ['RGB', 'L', 'RGBA', 'P'])
def test_boxes_at_the_edges_and_images_of_any_mode_are_drawn(box, mode):
  drawn = drawing.draw_boxes(grey((40, 30), mode), np.array([box]), ['a caption longer than the image'])
  assert drawn.size == (40, 30)
  assert len(set(drawn.getdata())) > 1


def test_no_boxes_give_an_equal_image():
  assert drawing.draw_boxes(grey(), np.zeros((0, 4)), []).tobytes() == grey().tobytes()


def test_a_caption_stays_inside_the_image():
  size = (300, 200)
  drawn = np.asarray(drawing.draw_boxes(grey(size), np.array([[0.0, 0.9, 0.5, 1.0]]), ['raccoon 99%'], ['#ffff00']))
  label = np.argwhere((drawn == (255, 255, 0)).all(axis=2))
  assert label[:, 1].min() < 270  # moved left of its box, which starts there


def test_captions_of_boxes_in_one_place_do_not_cover_each_other():
  same = np.array([[0.5, 0.2, 0.9, 0.8]] * 2)
  drawn = np.asarray(drawing.draw_boxes(grey((400, 300)), same, ['first', 'second'], ['#ff0000', '#0000ff']))
  alone = np.asarray(drawing.draw_boxes(grey((400, 300)), same[:1], ['first'], ['#ff0000']))
  label = (alone == (255, 0, 0)).all(axis=2)[:150]  # above the box, which starts in row 150
  np.testing.assert_array_equal((drawn == (255, 0, 0)).all(axis=2)[:150], label)
