"""Plain JPEGs are decoded without Pillow, to what Pillow makes of them; all others are left to it."""

import io
import random

import numpy as np
import pytest
from PIL import Image

from components.voc_example_gen import images, plain_jpeg
from components.voc_example_gen.refusals import RefusedFileError
from tests.support.voc_maker import encode, picture

MANY = 10**6  # pixels
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8))
PLAIN = {
  'baseline': encode(picture()),
  'progressive': encode(picture(), progressive=True),
  'grey': encode(picture(mode='L')),
  'all colours whole': encode(NOISE, subsampling=0),
  'with restarts': encode(NOISE, restart_marker_blocks=2),
  'with a comment': encode(picture(), comment=b'drawn by a test'),
  'with a colour profile': encode(picture(), icc_profile=b'profile' * 50),
  'large': encode(picture(size=(1203, 803))),
  'eight pixels': encode(picture(size=(8, 8))),
}
NOT_PLAIN = {
  'EXIF': encode(picture(), exif=b'Exif\0\0II*\0\x08\0\0\0\0\0'),
  'CMYK': encode(picture(mode='CMYK')),
  'seven pixels': encode(picture(size=(64, 7))),
  'PNG': encode(picture(), 'PNG'),
  'bytes behind its end': PLAIN['baseline'] + b'more',
  'its end alone': PLAIN['baseline'][:2] + PLAIN['baseline'][-2:],
  'a segment longer than the file': PLAIN['baseline'][:4] + b'\xff\xff' + PLAIN['baseline'][6:],
  'half of it': PLAIN['baseline'][:400] + b'\xff\xd9',
  'nothing': b'',
}


@pytest.mark.parametrize('content', PLAIN.values(), ids=PLAIN)
def test_size_and_picture_are_those_that_pillow_gives(content):
  decoded = plain_jpeg.decode(content, MANY)
  image = Image.open(io.BytesIO(content))
  assert (decoded.width, decoded.height) == image.size
  image.draft('L', (image.width // 8, image.height // 8))
  assert np.array_equal(decoded.grey, np.asarray(image))


@pytest.mark.parametrize('content', NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_not_plain_is_left_to_pillow(content):
  assert plain_jpeg.decode(content, MANY) is None


def test_so_is_a_larger_picture_than_allowed():
  assert plain_jpeg.decode(PLAIN['baseline'], 64 * 48)
  assert plain_jpeg.decode(PLAIN['baseline'], 64 * 48 - 1) is None


def test_the_verdict_on_a_damaged_file_is_the_one_without_this(monkeypatch):
  chance = random.Random(0)
  damaged = [_damaged(chance, content) for content in PLAIN.values() for _ in range(60)]
  decoded = [plain_jpeg.decode(content, MANY) for content in damaged]
  assert 0 < sum(one is not None for one in decoded) < len(damaged)
  verdicts = list(map(_verdict, damaged))
  monkeypatch.setattr(plain_jpeg, 'decode', lambda content, most_pixels: None)
  assert verdicts == list(map(_verdict, damaged))


def _damaged(chance, content):
  """With a few bytes changed, taken out or put in."""
  place = chance.randrange(2, len(content))
  some = chance.choice([b'', b'\xff', b'\xff\xd9', b'\xff\xe1', chance.randbytes(3)])
  return content[:place] + some + content[place + chance.randrange(4) :]


def _verdict(content):
  try:
    checked = images.check(content)
    return checked, checked.thumb
  except RefusedFileError as error:
    return error.reason
