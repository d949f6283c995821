"""Folders built after public bug reports, in ../shared/data/cases where present: each gives the right box table.

`expect.txt` beside each folder tells its source. A row of CASES is what ingestion has to read there.
"""

import dataclasses
import re

import pytest

from tests.support.read_folder import read_folder
from tests.support.shared_data import CASES as FOLDER


@dataclasses.dataclass(frozen=True)
class Case:
  """What a folder has to give.

  Attributes:
    boxes: {image: its boxes, each (class, xmin, ymin, xmax, ymax) in pixels} of exactly the images that are used.
    held_out: the images of the split eval; None where any division is right.
    refused: {file: reason} of exactly the files that count as bad.
    set_aside: {file: reason}, among others.
    warns: a regular expression that one warning matches; '' where none is needed.
    never: a regular expression that no detail of a refused or set aside file matches.
  """

  boxes: dict[str, list[tuple[str, float, float, float, float]]]
  held_out: frozenset[str] | None = None
  refused: dict[str, str] = dataclasses.field(default_factory=dict)
  set_aside: dict[str, str] = dataclasses.field(default_factory=dict)
  warns: str = ''
  never: str = ''


def each(names, *boxes):
  """{name: boxes} for names parted by spaces."""
  return {name: list(boxes) for name in names.split()}


def numbered(pattern, numbers, *boxes):
  return {pattern.format(number): list(boxes) for number in numbers}


ONE_TO_THREE = range(1, 4)
CAT, DOG = ('cat', 40, 40, 60, 60), ('dog', 20, 20, 30, 30)
SQUARE = (10, 10, 30, 30)
PETS = ('Abyssinian_1', 'Abyssinian_100', 'Bengal_5', 'beagle_3', 'pug_12')
TWO_YOLO = each('images/train/1.jpg images/val/2.jpg', CAT, DOG)
POSE = each(
  'images/train/1.jpg images/val/2.jpg',
  ('echo', 595.707, 519.435, 691.717, 577.098),
  ('mark', 519.924, 505.695, 574.5, 581.065),
)
CARS = [('car', 2656, 607, 3530, 1879), ('car', 1655, 939, 2451, 2106), ('car', 665, 1188, 1506, 2422)]
TABLE = numbered('images/{}.jpg', range(1, 6), ('raccoon', 1, 1, 20, 20))
COCO_2017 = numbered('train2017/{:012}.jpg', range(1, 9), ('person', *SQUARE))
COCO_2017_HELD_OUT = numbered('val2017/{:012}.jpg', range(9, 12), ('person', *SQUARE))

CASES = {
  'arcgis708_bom_then_newline': Case(numbered('{}.jpg', ONE_TO_THREE, ('cat', *SQUARE))),
  'coco2017_official_annotations_folder': Case(
    COCO_2017 | COCO_2017_HELD_OUT,
    held_out=frozenset(COCO_2017_HELD_OUT),
    set_aside={'annotations/captions_train2017.json': 'not_for_detection'},
  ),
  'coco_category_id_string': Case(numbered('{}.jpg', ONE_TO_THREE, ('safe_h', *SQUARE))),
  'cpython148821_xml_declared_utf8_without_hyphen': Case(numbered('{}.jpg', ONE_TO_THREE, ('Bär', *SQUARE))),
  'csv_whole_table_beside_its_splits': Case(TABLE, held_out=frozenset({'images/5.jpg'})),
  'cvat4185_same_image_id_twice': Case(
    {'c.jpg': [('cat', 5, 5, 25, 25)], 'd.jpg': [('cat', 5, 5, 35, 25)]},
    refused={'instances_default.json': 'annotation_ambiguous'},
  ),
  'cvat5881_rotation_attribute': Case(numbered('JPEGImages/{}.jpg', ONE_TO_THREE, ('plank', 45, 10, 55, 90))),
  'depth_beside_images_coco': Case(
    numbered('images/{}.png', ONE_TO_THREE, ('cat', 10, 10, 15, 15)), warns=r'\bdepth\b.*\bimages\b'
  ),
  'fsoco48_label_named_with_image_suffix': Case(numbered('{}.jpg', range(1, 5), CAT, DOG)),
  'gtsdb_ppm_images': Case(numbered('0000{}.ppm', ONE_TO_THREE, ('stop', *SQUARE))),
  'hub886_yolo_pose_labels': Case(POSE, held_out=frozenset({'images/val/2.jpg'})),
  'labelimg721_two_folders_two_orders': Case(
    each('folder_a/a_01.jpg folder_a/a_02.jpg', ('alfa', 40, 40, 60, 60))
    | each('folder_b/b_01.jpg folder_b/b_02.jpg', ('gamma', 40, 40, 60, 60)),
    warns=r'classes\.txt',
  ),
  'labelstudio1266_percent_encoded_label_names': Case(numbered('images/Capture_décran_{}.png', (1, 2), CAT)),
  'maskrcnn480_polygons_without_bbox': Case(numbered('images/{}.jpg', ONE_TO_THREE, ('cat', 10, 20, 40, 60))),
  'pets_trimaps_taken_for_images': Case(
    numbered('images/{}.jpg', PETS, ('cat', 20, 10, 60, 50)),
    set_aside=dict.fromkeys(map('annotations/trimaps/{}.png'.format, PETS), 'image_derived'),
    warns='annotations/trimaps',
  ),
  'pill_two_formats_in_one_folder': Case(
    numbered('images/a{}.jpg', range(1, 6), ('capsule', *SQUARE)),
    set_aside=dict.fromkeys(map('originals/b{}.jpg'.format, ONE_TO_THREE), 'image_not_annotated'),
    warns=r'voc\b.*\b3 images|3 images.*\bvoc\b',
    never='no annotation names this image',
  ),
  'rectlabel84_same_stem_two_extensions': Case(
    {'a.png': [('cat', 10, 20, 30, 40)], 'b.jpg': [('cat', 1, 2, 3, 40)], 'c.jpg': [('cat', 1, 2, 30, 40)]},
    set_aside={'a.jpg': 'image_not_annotated'},
  ),
  'resized_images_old_xml_box_inside': Case(
    numbered('{}.jpg', ONE_TO_THREE, ('cat', 100, 33.333, 200, 100)), warns=r'1\.jpg'
  ),
  'tf62406_png_last_bytes_missing': Case(
    each('a.png d.png', ('cat', *SQUARE)), refused={'b.png': 'image_corrupt', 'c.png': 'image_corrupt'}
  ),
  'tutorial_csv_equal_names_in_train_and_test': Case(
    numbered('images/train/{}.jpg', range(1, 5), ('train_thing', 1, 1, 20, 20))
    | {'images/test/2.jpg': [('test_thing', 50, 50, 70, 70)]},
    held_out=frozenset({'images/test/2.jpg'}),
    set_aside={'images/test/1.jpg': 'image_not_annotated'},
  ),
  'ybat6_three_bndbox_in_one_object': Case(each('a.jpg b.jpg', *CARS)),
  'yolo_coco_layout_train2017_val2017': Case(
    numbered('images/train2017/{}.jpg', range(1, 7), CAT, DOG)
    | numbered('images/val2017/{}.jpg', range(7, 10), CAT, DOG),
    held_out=frozenset(map('images/val2017/{}.jpg'.format, range(7, 10))),
  ),
  'yolo_names_dict_with_string_keys': Case(TWO_YOLO),
  'yolo_names_yes_no': Case(
    each('images/train/1.jpg images/val/2.jpg', ('on', 40, 40, 60, 60), ('off', 20, 20, 30, 30))
  ),
  'yolo_split_lists_in_data_yaml': Case(
    numbered('images/{}.jpg', range(1, 10), CAT, DOG),
    held_out=frozenset(map('images/{}.jpg'.format, range(7, 10))),
  ),
  'yolo_yaml_gbk': Case(each('images/train/1.jpg images/val/2.jpg', ('猫', 40, 40, 60, 60), ('狗', 20, 20, 30, 30))),
}


@pytest.mark.skipif(not FOLDER.is_dir(), reason='no ../shared/data/cases: put the folders of the bug reports there')
@pytest.mark.parametrize(('name', 'case'), CASES.items(), ids=CASES)
def test_a_reported_folder_gives_the_right_boxes(name, case):
  if not (FOLDER / name).is_dir():
    pytest.skip(f'no {FOLDER / name}: put the folder of that bug report there')
  found = read_folder(FOLDER / name / 'data', max_bad_fraction=1.0)
  assert table(found.boxes) == table({image: as_pairs(boxes) for image, boxes in case.boxes.items()})
  assert found.refused == case.refused
  assert found.set_aside.items() >= case.set_aside.items()
  if case.held_out is not None:
    assert {image for image, split in found.split.items() if split == 'eval'} == case.held_out
  if case.warns:
    assert any(re.search(case.warns, warning) for warning in found.warnings), found.warnings
  assert not [detail for detail in found.details if case.never and re.search(case.never, detail)]


def as_pairs(boxes):
  return [(label, corners) for label, *corners in boxes]


def table(boxes):
  """Boxes rounded to a hundredth of a pixel, in one order."""
  return {
    image: sorted((label, tuple(round(side, 2) for side in corners)) for label, corners in found)
    for image, found in boxes.items()
  }


def test_every_folder_has_a_row():
  present = {path.name for path in FOLDER.iterdir()} if FOLDER.is_dir() else set()
  assert present <= set(CASES)
