"""Walking local folders."""

import os

from detection.base import files, local_walk


def test_a_large_folder_is_walked_in_portions(tmp_path, monkeypatch):
  monkeypatch.setattr(local_walk, '_PORTION', 3)
  for name in 'abcdefgh':
    (tmp_path / name).write_text('')
  for name in ('left', 'right/deep'):
    (tmp_path / name).mkdir(parents=True)
  (tmp_path / 'right/deep/x').write_text('')
  seen = []
  for folder, folders, names in files.walk(str(tmp_path)):
    assert len(folders) + len(names) <= 3
    folders[:] = [name for name in folders if name != 'left']
    seen += [os.path.relpath(os.path.join(folder, name), tmp_path) for name in names]
  assert sorted(seen) == [*'abcdefgh', 'right/deep/x']
