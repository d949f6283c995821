"""Checksums of a version."""

import pathlib

from components.pusher import checksums, publish


def test_damage_to_a_version_is_named(colour_model, tmp_path):
  version = pathlib.Path(publish.publish(str(colour_model), str(tmp_path)).folder)
  (version / 'label_map.pbtxt').write_text('changed')
  (version / 'pipeline.config').unlink()
  assert sorted(checksums.damaged(str(version))) == ['label_map.pbtxt', 'pipeline.config']


def test_checksums_are_read_as_written_and_a_folder_without_any_has_none(tmp_path):
  assert checksums.read(str(tmp_path)) is None
  checksums.write(str(tmp_path), {'b': '01', 'a': '02'})
  assert checksums.read(str(tmp_path)) == {'a': '02', 'b': '01'}
