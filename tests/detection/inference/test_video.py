"""Frames go into a video file and come out of it."""

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.inference import video


def write(path, frames, rate=10.0):
  with video.Writer(str(path), rate) as writer:
    for frame in frames:
      writer.add(frame)


def test_what_is_written_is_read_again_with_its_colours_and_rate(tmp_path):
  path = tmp_path / 'new' / 'clip.mp4'
  red, blue = np.full((2, 64, 96, 3), (200, 0, 0), np.uint8), np.full((1, 64, 96, 3), (0, 0, 200), np.uint8)
  write(path, [*red, *blue])
  with video.reader(str(path)) as (count, rate, frames):
    found = list(frames)
  assert (count, rate) == (3, pytest.approx(10))
  colours = [frame.mean(axis=(0, 1)) for frame in found]
  np.testing.assert_allclose(colours, [(200, 0, 0), (200, 0, 0), (0, 0, 200)], atol=12)  # the codec loses some


def test_a_video_that_fails_halfway_leaves_nothing(tmp_path):
  def frames():
    yield np.zeros((64, 96, 3), np.uint8)
    raise ValueError('halfway')

  with pytest.raises(ValueError, match='halfway'):
    write(tmp_path / 'clip.mp4', frames())
  assert list(tmp_path.iterdir()) == []


def test_without_frames_there_is_no_file(tmp_path):
  write(tmp_path / 'clip.mp4', [])
  assert list(tmp_path.iterdir()) == []


def test_a_size_that_cannot_be_written_is_refused_by_name(tmp_path):
  with pytest.raises(DataError, match='clip.mp4: OpenCV cannot write this video'):
    write(tmp_path / 'clip.mp4', [np.zeros((0, 0, 3), np.uint8)])


def test_a_file_that_is_no_video_is_refused_by_name(tmp_path):
  (tmp_path / 'clip.mp4').write_text('no video')
  with pytest.raises(DataError, match='clip.mp4: not a video'), video.reader(str(tmp_path / 'clip.mp4')):
    pass


@pytest.mark.parametrize('suffix', ['.avi', '.mkv'])
def test_a_video_cut_short_gives_its_frames_and_then_says_how_many_there_were(tmp_path, suffix):
  import cv2

  path = tmp_path / f'clip{suffix}'
  output = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10, (96, 64))
  for frame in np.random.default_rng(0).integers(0, 255, (20, 64, 96, 3), np.uint8):
    output.write(frame)
  output.release()
  path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
  frames = []
  with video.reader(str(path)) as (_, _, read), pytest.raises(DataError, match=rf'{path.name}: \d+ of the 20 frames'):
    frames.extend(read)
  assert 0 < len(frames) < 20
