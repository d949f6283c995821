"""What becomes of one image."""

import os

import pytest

from components.voc_example_gen import ingest, plan
from components.voc_example_gen.refusals import Reason
from components.voc_example_gen.settings import IngestSettings
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

JPEG = encode(picture())


@pytest.mark.parametrize('gone', ['a.jpg', 'a.xml'])
def test_a_file_that_disappears_while_reading_is_quarantined(tmp_path, gone):
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.jpg': JPEG, 'a.xml': voc(thing())})
  planned = plan.make(str(tmp_path), IngestSettings())
  (tmp_path / gone).unlink()
  task = next(task for shard in planned.shards for task in shard.tasks if task.item.image == 'a.jpg')
  record, outcome = ingest.process(planned.root, task, True)
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


def test_an_outcome_comes_back_from_json_as_it_was(messy):
  _, outcomes, _ = voc_maker.examine(messy)
  for outcome in outcomes.values():
    assert ingest.Outcome.from_json(outcome.as_json()) == outcome
  assert outcomes['JPEGImages/clip.jpg'].objects
