"""Folders as other tools leave them go in whole: nothing refused, every annotated image used or set aside by name."""

import json
import os

import pytest

from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

SPLITS = {'train': 5, 'valid': 3, 'test': 2}


def roboflow(annotations_of):
  """train/, valid/ and test/ with names as Roboflow makes them; annotations_of: image names of a split -> files."""
  files = {'README.dataset.txt': '# cats\nhttps://example.org', 'README.roboflow.txt': '\ncats - v1\n 0 1 2 3 4\n'}
  for split, count in SPLITS.items():
    names = [f'{split}{number}_jpg.rf.0a1b{number}.jpg' for number in range(count)]
    files |= {f'{split}/{name}': encode(picture(len(files) + place)) for place, name in enumerate(names)}
    files |= {f'{split}/{name}': content for name, content in annotations_of(names).items()}
  return files


def as_xml(names):
  return {name.replace('.jpg', '.xml'): voc(thing(), filename=name) for name in names}


def as_coco(names):
  images = [{'id': n, 'license': 1, 'file_name': name, 'height': 48, 'width': 64} for n, name in enumerate(names)]
  boxes = [{'id': n, 'image_id': n, 'category_id': 1, 'bbox': [1, 2, 20, 20.5], 'area': 410} for n in range(len(names))]
  classes = [{'id': 0, 'name': 'cats', 'supercategory': 'none'}, {'id': 1, 'name': 'cat', 'supercategory': 'cats'}]
  document = {'info': {}, 'licenses': [], 'categories': classes, 'images': images, 'annotations': boxes}
  return {'_annotations.coco.json': json.dumps(document)}


def cvat():
  """Folders below Annotations/ and JPEGImages/, equal numbers in each, and one list of them all."""
  names = [f'{folder}/{number}' for folder in ('monday', 'tuesday') for number in range(5)]
  files = {'labelmap.txt': '# label:color_rgb:parts:actions\ncat:1,2,3::\n'}
  files['ImageSets/Main/default.txt'] = '\n'.join(names)
  for place, name in enumerate(names):
    files[f'JPEGImages/{name}.jpg'] = encode(picture(place))
    files[f'Annotations/{name}.xml'] = voc(thing(), filename=f'{name}.jpg')
  return files


def windows(folder='', stem='photo {}'):
  """labelImg's files, with the paths of the machine they were made on."""
  files = {}
  for number in range(10):
    path = f'C:\\Users\\Zoë\\Pictures\\photo {number}.JPG'
    files[f'photo {number}.JPG'] = encode(picture(number))
    files[f'{folder}{stem.format(number)}.xml'] = voc(thing(), filename=path, path=path)
  return files


EXPORTS = {
  'Roboflow, Pascal VOC': (roboflow(as_xml), 'voc', 8),
  'Roboflow, COCO': (roboflow(as_coco), 'coco', 8),
  'CVAT, Pascal VOC': (cvat(), 'voc', 10),
  'labelImg on Windows': (windows(), 'voc', 10),
  'labelImg on Windows, annotations renamed': (windows('labels/', 'label {}'), 'voc', 10),
}


@pytest.mark.parametrize(('files', 'data_format', 'used'), EXPORTS.values(), ids=EXPORTS)
def test_what_other_tools_export_goes_in_whole(tmp_path, files, data_format, used):
  planned, outcomes, tally = voc_maker.examine(voc_maker.write(tmp_path, files))
  assert planned.data_format == data_format
  assert sum(tally.images.values()) == len(outcomes) == used
  assert tally.bad == []
  assert len(tally.set_aside) == 10 - used  # a test set that is left alone
  assert all(outcome.objects for outcome in outcomes.values())


def test_names_of_any_kind_are_used_under_their_own_names(tmp_path):
  names = ['写真', 'emoji😀', 'e\u0301cole', 'a\nb', '%20', 'q\'"q', ' lead', '#x', os.fsdecode(b'bad\xff')]
  for number, name in enumerate(names):
    voc_maker.write(tmp_path, {f'{name}.jpg': encode(picture(number)), f'{name}.xml': voc(thing('Größe'))})
  _, outcomes, tally = voc_maker.examine(tmp_path)
  assert set(outcomes) == {f'{name}.jpg' for name in names}
  assert tally.refused == []
