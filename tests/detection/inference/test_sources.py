"""The files that a user's words name."""

import pytest

from detection.base.errors import ConfigError
from detection.inference import sources


@pytest.fixture
def photos(tmp_path, monkeypatch):
  """A folder with images and other files, and the working directory above it."""
  for name in ('b.JPG', 'a.png', 'more/c.webp', 'notes.txt', 'clip.mp4'):
    path = tmp_path / 'photos' / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
  monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
  ('given', 'expected'),
  [
    pytest.param(['photos'], 'a.png b.JPG more/c.webp', id='a folder: its images, to the bottom'),
    pytest.param(['photos/clip.mp4', 'photos/notes.txt'], 'clip.mp4 notes.txt', id='a file, whatever it is'),
    pytest.param(['photos/**/*.webp'], 'more/c.webp', id='a glob'),
    pytest.param(['photos/b.JPG', 'photos'], 'b.JPG a.png more/c.webp', id='each once, in the order given'),
  ],
)
@pytest.mark.usefixtures('photos')
def test_what_is_found(given, expected):
  assert sources.find(given) == [f'photos/{name}' for name in expected.split()]


@pytest.mark.usefixtures('photos')
def test_nothing_found_is_refused(tmp_path):
  (tmp_path / 'empty').mkdir()
  with pytest.raises(ConfigError, match='empty: no images. Expected files ending in .jpg'):
    sources.find(['empty'])
  with pytest.raises(ConfigError, match='nowhere: no such file or folder'):
    sources.find(['photos', 'nowhere'])


def test_videos_are_known_by_their_names():
  assert [sources.is_video(name) for name in ('a.mp4', 'a.MOV', 'a.jpg')] == [True, True, False]
