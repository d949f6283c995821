"""What a file system says about files."""

import os

from detection.base import file_status
from detection.base.file_status import Status


def test_size_and_time_are_told_and_what_must_not_be_opened(tmp_path):
  (tmp_path / 'a').write_text('abc')
  os.utime(tmp_path / 'a', ns=(5, 7))
  os.mkfifo(tmp_path / 'pipe')
  (tmp_path / 'dead').symlink_to('nowhere')
  found = dict(file_status.of_all(str(tmp_path), ['a', 'pipe', 'dead', 'gone']))
  assert found['a'] == Status(3, '7')
  assert not found['pipe'].is_regular
  assert found['dead'] == found['gone'] == Status()


def test_many_files_are_told_in_their_order(tmp_path):
  names = [f'{number:04}' for number in range(1000)]
  for name in names[::7]:
    (tmp_path / name).write_text('x')
  found = list(file_status.of_all(str(tmp_path), names))
  assert [name for name, _ in found] == names
  assert sum(status.size for _, status in found) == len(names[::7])
