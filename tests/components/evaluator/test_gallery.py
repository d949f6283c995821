"""The best and worst images."""

import numpy as np

from components.evaluator import gallery
from detection.report import palette
from tests.support.evaluations import encoded, scored, scored_one


def images(make):
  return [
    make.image('clean.jpg', truth=[(make.BOX, 1)], found=[(make.BOX, 1, 0.9)]),
    make.image(
      'clean and full.jpg', truth=[(make.BOX, 1), (make.FAR, 1)], found=[(make.BOX, 1, 0.9), (make.FAR, 1, 0.8)]
    ),
    make.image('missed.jpg', truth=[(make.BOX, 1)]),
    make.image('missed and false.jpg', truth=[(make.BOX, 1)], found=[(make.FAR, 1, 0.95)]),
    make.image('empty.jpg'),
  ]


def test_the_worst_have_mistakes_and_the_best_have_none(make):
  measured = scored_one(*images(make))
  assert gallery.worst(measured, most=5) == ['missed and false.jpg', 'missed.jpg']
  assert gallery.best(measured, most=5) == ['clean and full.jpg', 'clean.jpg']
  assert gallery.worst(measured, most=1) == ['missed and false.jpg']


def test_a_caption_counts_and_the_boxes_show_hits_and_mistakes(make):
  names = ['missed and false.jpg', 'not there.jpg']
  (picture,) = gallery.draw(scored_one(*images(make)), names, encoded(names[:1]))
  assert (picture.name, picture.caption) == ('missed and false.jpg', '0 found, 1 missed, 1 false')
  colours = {f'#{red:02x}{green:02x}{blue:02x}' for red, green, blue in np.asarray(picture.image).reshape(-1, 3)}
  assert {palette.MISSED_BOX, palette.FALSE_BOX} <= colours
  assert palette.HIT_BOX not in colours


def test_a_model_that_finds_nothing_has_no_best_images():
  assert gallery.best(scored(blind=True), most=6) == []
