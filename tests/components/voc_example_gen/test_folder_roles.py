"""What the names of folders and files say."""

import pytest

from components.voc_example_gen import folder_roles


@pytest.mark.parametrize(
  ('name', 'split'),
  [
    ('train', 'train'),
    ('Train2017', 'train'),
    ('trainval', 'train'),
    ('train_images', 'train'),
    ('images-val', 'eval'),
    ('VALIDATION', 'eval'),
    ('valid set', 'eval'),
    ('minival2014', 'eval'),
    ('test-dev2017', 'test'),
    ('testset', 'test'),
    ('train_station', ''),
    ('valves', ''),
    ('crash_test_dummies', ''),
    ('images', ''),
    ('', ''),
  ],
)
def test_the_split_that_a_folders_name_tells(name, split):
  assert folder_roles.split_in_name(name) == split


def test_the_topmost_folder_decides_the_split():
  assert folder_roles.split_of('data/train2017/test/1.jpg') == 'train'
  assert folder_roles.split_of('train.jpg') == ''


@pytest.mark.parametrize(
  ('name', 'role'),
  [
    ('JPEGImages', folder_roles.IMAGE),
    ('images_2', folder_roles.IMAGE),
    ('train_images', folder_roles.IMAGE),
    ('xmls', folder_roles.ANNOTATION),
    ('SegmentationClass', folder_roles.DERIVED),
    ('image_masks', folder_roles.DERIVED),
    ('DepthMaps', folder_roles.DERIVED),
    ('SegmentationClassPNG', folder_roles.DERIVED),
    ('PNGImages', folder_roles.IMAGE),
    ('labelTxt', folder_roles.ANNOTATION),
    ('annotated_images', ''),
    ('monday', ''),
  ],
)
def test_what_a_folder_holds_by_its_name(name, role):
  assert folder_roles.role_of_name(name) == role


def test_folders_of_masks_and_copies_are_those_whose_pictures_have_twins_elsewhere():
  photos = [f'images/{number}.jpg' for number in range(4)]
  masks = [f'masks/{number}.png' for number in range(3)]
  trimaps = [f'annotations/any name/{number}.png' for number in range(5)]
  alone = [f'depth/d{number}.png' for number in range(4)]
  found = folder_roles.derived_folders([*photos, *masks, *trimaps, *alone])
  assert found == {'masks', 'annotations/any name'}


def test_the_original_that_a_pictures_own_name_tells():
  assert folder_roles.original_stem('a_mask') == 'a'
  assert folder_roles.original_stem('Gasmask') == ''
