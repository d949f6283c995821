"""Scans of record files that were kept when the files were written."""

from detection import kept_scans
from detection.kept_scans import KeptScan
from detection.record_scan import FileScan

SCAN = FileScan('ab', 3, 12, {'cat': ['a.png']}, ['a.png: box'], {'cat': 5})


def test_they_are_found_by_the_paths_of_the_files(tmp_path):
  paths = [tmp_path / f'Split-{split}/data' for split in ('train', 'eval')]
  for path in paths:
    path.parent.mkdir()
    path.write_bytes(b'abc')
  kept_scans.write(str(tmp_path), {'Split-train/data': KeptScan(3, SCAN)})
  assert kept_scans.read(map(str, paths)) == {str(paths[0]): SCAN}


def test_a_file_of_another_size_is_not_known(tmp_path):
  (tmp_path / 'Split-train').mkdir()
  (tmp_path / 'Split-train/data').write_bytes(b'abcd')
  kept_scans.write(str(tmp_path), {'Split-train/data': KeptScan(3, SCAN)})
  assert kept_scans.read([str(tmp_path / 'Split-train/data')]) == {}


def test_what_an_earlier_version_kept_is_not_used():
  kept = {'a': KeptScan(3, SCAN)}
  text = kept_scans.dump(kept)
  assert kept_scans.parse(text) == kept
  assert kept_scans.parse(text.replace('"digest"', '"sha256"')) == {}


def test_where_nothing_was_kept_nothing_is_known(tmp_path):
  assert kept_scans.read([str(tmp_path / 'Split-train/data'), 'data', '/data']) == {}
