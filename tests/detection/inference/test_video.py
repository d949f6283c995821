"""Frames go into a video file and come out of it."""

import re

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.inference import video


def write(path, frames, rate=10.0):
  with video.Writer(str(path), rate) as writer:
    for frame in frames:
      writer.add(frame)


def write_jpegs(path, frames):
  """A video of frames that do not need one another, 96 pixels wide and 64 high."""
  import cv2

  output = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10, (96, 64))
  for frame in frames:
    output.write(frame)
  output.release()


def damage(path, frame):
  """Writes zeros over one frame's JPEG."""
  content = bytearray(path.read_bytes())
  start, end = [match.span() for match in re.finditer(rb'\xff\xd8\xff.*?\xff\xd9', content, re.DOTALL)][frame]
  content[start:end] = bytes(end - start)
  path.write_bytes(content)


def test_what_is_written_is_read_again_with_its_colours_and_rate(tmp_path):
  path = tmp_path / 'new' / 'clip.mp4'
  red, blue = np.full((2, 64, 96, 3), (200, 0, 0), np.uint8), np.full((1, 64, 96, 3), (0, 0, 200), np.uint8)
  write(path, [*red, *blue])
  with video.reader(str(path)) as (count, rate, frames):
    numbers, found = zip(*frames, strict=True)
  assert numbers == (0, 1, 2)
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
  path = tmp_path / f'clip{suffix}'
  write_jpegs(path, np.random.default_rng(0).integers(0, 255, (20, 64, 96, 3), np.uint8))
  path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
  frames = []
  with video.reader(str(path)) as (_, _, read), pytest.raises(DataError, match=rf'{path.name}: \d+ of the 20 frames'):
    frames.extend(read)
  assert 0 < len(frames) < 20


@pytest.mark.parametrize('suffix', ['.avi', '.mkv'])
def test_frames_behind_a_damaged_one_are_read_and_keep_their_numbers(tmp_path, suffix):
  path = tmp_path / f'clip{suffix}'
  write_jpegs(path, [np.full((64, 96, 3), 20 * number, np.uint8) for number in range(12)])
  damage(path, frame=5)
  found = []
  with video.reader(str(path)) as (_, _, read), pytest.raises(DataError, match=f'{path.name}: 11 of the 12 frames'):
    found.extend((number, frame.mean()) for number, frame in read)
  expected = [(number, 20 * number) for number in range(12) if number != 5]
  np.testing.assert_allclose(found, expected, atol=2)  # the codec loses some
