"""How surely folders agree, the surest first."""

import pytest

from components.voc_example_gen import agreement
from components.voc_example_gen.agreement import File


def first_step(annotation, image):
  """The number of the first step in which the two agree, and whether it is sure."""
  for number, step in enumerate(agreement.steps(3)):
    key = step.of_annotation(annotation)
    if key is not None and key == step.of_image(image):
      return number, step.is_sure
  raise AssertionError('the last step takes all')


def test_surer_agreement_comes_first():
  pairs = [
    ('day/labels', 'day/images'),
    ('day', 'day'),
    ('day', 'day/images'),
    ('day/labels/a', 'day/b/a'),
    ('a/day', 'b/day'),
    ('a', 'b'),
  ]
  steps = [first_step(*pair) for pair in pairs]
  assert steps == sorted(steps)
  assert [sure for _, sure in steps] == [True, True, False, False, False, False]


def test_images_among_annotations_do_not_go_with_labels():
  assert not first_step('annotations/xmls', 'annotations/images')[1]


@pytest.mark.parametrize(
  ('annotation', 'image', 'may'),
  [
    ('train/1.xml', 'test/1.jpg', False),
    ('train/1.xml', 'images/1.jpg', True),
    ('trainval/1.xml', 'train/1.jpg', True),
  ],
)
def test_files_of_two_splits_never_pair(annotation, image, may):
  assert agreement.may_pair(File.of(annotation), File.of(image)) is may


def test_of_images_that_agree_equally_those_that_can_be_read_in_equal_case_and_near():
  names = ['x/A.jpg', 'x/a.jpg', 'x/a.heic', 'x/y/a.jpg']
  assert agreement.best(File.of('x/a.xml'), list(map(File.of, names))) == [File.of('x/a.jpg')]
  assert agreement.best(File.of('x/a.xml'), [File.of('x/a.heic')]) == [File.of('x/a.heic')]


@pytest.mark.parametrize(
  ('annotation', 'image', 'sure'),
  [
    ('day', 'day', True),
    ('day/labels', 'day/images', True),
    ('train_labels', 'train_images', True),
    ('train_labels', 'val_images', False),
    ('', 'images', False),
    ('day/labels', 'night/images', False),
  ],
)
def test_folders_that_leave_no_doubt(annotation, image, sure):
  assert agreement.agree_surely(annotation, image) is sure
