"""What becomes of one image."""

import os

import pytest

from components.voc_example_gen import ingest, plan
from components.voc_example_gen.refusals import Reason
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.spread import exchange
from tests.support import read_folder, voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

JPEG = encode(picture())


@pytest.mark.parametrize('gone', ['a.jpg', 'a.xml'])
def test_a_file_that_disappears_while_reading_is_quarantined(tmp_path, gone):
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.jpg': JPEG, 'a.xml': voc(thing())})
  planned = plan.make(str(tmp_path), IngestSettings())
  (tmp_path / gone).unlink()
  task = next(task for shard in planned.shards for task in shard.tasks if task.item.image == 'a.jpg')
  ((record, outcome),) = ingest.process(planned.root, [task], True)
  assert record == b''
  assert outcome.reason in (Reason.IMAGE_UNREADABLE.value, Reason.ANNOTATION_UNREADABLE.value)
  assert (outcome.file or outcome.image) == gone


def test_an_unreadable_file_is_quarantined(tmp_path):
  if os.geteuid() == 0:
    (tmp_path / 'a.jpg').symlink_to('nowhere')  # root may read everything: a dead link stands in
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.xml': voc(thing())})
  if os.geteuid() != 0:
    voc_maker.write(tmp_path, {'a.jpg': JPEG})
    (tmp_path / 'a.jpg').chmod(0)
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {'a.jpg': Reason.IMAGE_UNREADABLE.value}


def test_negatives_leave_by_switch(messy):
  _, outcomes, tally = voc_maker.examine(messy, keep_negatives=False)
  assert outcomes['JPEGImages/neg.jpg'].reason == 'negative_left_out'
  assert sum(tally.negatives.values()) == 0


def test_an_outcome_comes_back_from_its_file_as_it_was(messy, tmp_path):
  _, outcomes, _ = voc_maker.examine(messy)
  for outcome in outcomes.values():
    path = exchange.save(str(tmp_path / 'outcome'), {0: [outcome.as_row()]})
    assert [ingest.Outcome(*row) for row in exchange.load([path], [0])] == [outcome]
  assert outcomes['JPEGImages/clip.jpg'].objects


def test_an_image_in_another_split_that_looks_alike_is_told(tmp_path):
  root = voc_maker.devkit(tmp_path, 4)
  (root / 'JPEGImages/003.jpg').write_bytes(encode(picture(0), quality=40))
  lists = {'val': '000\n001\n', 'train': '002\n003\n'}
  voc_maker.write(root, {f'ImageSets/Main/{name}.txt': text for name, text in lists.items()})
  planned, _, tally = voc_maker.examine(root)
  twins = {(pair['image'], pair['split']): pair['twin'] for pair in summary.as_dict(planned, tally)['lookalikes']}
  assert twins['JPEGImages/000.jpg', 'eval'] == 'JPEGImages/003.jpg'


@pytest.mark.parametrize(
  ('filename', 'told'), [('b.jpg', True), ('C:\\x\\A.JPG', False), ('old-name.jpg', False), ('', False)]
)
def test_an_annotation_that_names_another_image_of_the_folder_is_told(tmp_path, filename, told):
  files = {f'{name}.jpg': voc_maker.encode(voc_maker.picture(n)) for n, name in enumerate('ab')}
  files |= {'a.xml': voc_maker.voc(voc_maker.thing(), filename=filename), 'b.xml': voc_maker.voc(voc_maker.thing())}
  found = read_folder.read_folder(
    voc_maker.write(tmp_path, files | {'b.xml': files['b.xml'].replace('a.jpg', 'b.jpg')})
  )
  warning = (
    '1 annotation files name another image of the folder than the one of their own name, which is used: a.jpg (b.jpg).'
  )
  assert (warning in found.warnings) == told
