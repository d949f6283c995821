"""Names and moves below a destination that no server sees."""

import os
import shutil

from components.pusher import staging

DAY = 24 * 3600


def test_what_pushers_left_is_cleared_after_a_day_and_what_living_ones_write_is_not(tmp_path):
  now = 1_800_000_000
  names = {
    'abandoned': f'.publishing-{now - DAY - 1}-0123abcd',
    'a claim': f'.publishing-{now - DAY - 1}-claim-7-0123abcd',
    'living': f'.publishing-{now - DAY + 60}-0123abcd',
    'not ours': '.publishing-notes',
    'taken back': '.withdrawn-5',
  }
  for name in names.values():
    (tmp_path / name).mkdir()
    (tmp_path / name / 'saved_model.pb').touch()
  shutil.rmtree(tmp_path / names['a claim'])
  (tmp_path / names['a claim']).touch()
  staging.clear_abandoned(str(tmp_path), clock=lambda: now)
  assert sorted(os.listdir(tmp_path)) == sorted([names['living'], names['not ours'], names['taken back']])


def test_a_destination_that_is_not_there_has_nothing_to_clear(tmp_path):
  staging.clear_abandoned(str(tmp_path / 'absent'), clock=lambda: 0)
  assert os.listdir(tmp_path) == []


def test_a_new_name_tells_its_age_and_is_given_once():
  names = {staging.new_name('serving', clock=lambda: 7.9, what='claim-5-') for _ in range(2)}
  assert len(names) == 2
  assert all(name.startswith('serving/.publishing-7-claim-5-') for name in names)


def test_the_file_that_makes_a_version_visible_is_copied_last(tmp_path, monkeypatch):
  for name in ('saved_model.pb', 'variables/variables.index', 'a.txt'):
    (tmp_path / 'staged' / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / 'staged' / name).touch()
  copied = []
  monkeypatch.setattr(staging.files, 'copy', lambda source, target: copied.append(target))
  staging.copy_visible_last(str(tmp_path / 'staged'), 'serving/5')
  assert copied == ['serving/5/a.txt', 'serving/5/variables/variables.index', 'serving/5/saved_model.pb']


def test_an_error_without_a_message_is_told_by_its_class():
  assert staging.first_line(OSError('first\nsecond')) == 'first'
  assert staging.first_line(PermissionError()) == 'PermissionError'
