"""Images as users give them become upright JPEG or PNG bytes."""

import io

import numpy as np
import PIL.Image
import pytest

from detection.base.errors import DataError
from detection.inference import images

ORIENTATION = 0x0112


def saved(image, image_format, **options):
  buffer = io.BytesIO()
  image.save(buffer, image_format, **options)
  return buffer.getvalue()


@pytest.fixture
def photo(draw):
  return PIL.Image.fromarray(draw([('red', (10, 20, 34, 52))]))


@pytest.mark.parametrize('image_format', ['JPEG', 'PNG'])
def test_upright_jpeg_and_png_bytes_come_back_as_they_are(photo, tmp_path, image_format):
  content = saved(photo, image_format)
  assert images.encoded(content) == content
  (tmp_path / 'a').write_bytes(content)
  assert images.encoded(tmp_path / 'a') == images.encoded(str(tmp_path / 'a')) == content


def test_an_image_that_exif_turns_becomes_upright(photo):
  exif = PIL.Image.Exif()
  exif[ORIENTATION] = 6  # stored turned a quarter to the left; viewers turn it right
  content, shown = images.load(saved(photo.transpose(PIL.Image.Transpose.ROTATE_90), 'PNG', exif=exif))
  np.testing.assert_array_equal(np.asarray(shown), np.asarray(photo))
  np.testing.assert_array_equal(images.decode(content), np.asarray(photo))


@pytest.mark.parametrize('mode', ['P', 'RGBA', 'CMYK'])
def test_other_colour_modes_become_rgb(photo, mode):
  image = photo.convert(mode)
  expected = np.asarray(image.convert('RGB'))
  np.testing.assert_array_equal(images.decode(images.encoded(image)), expected)


@pytest.mark.parametrize('image_format', ['BMP', 'GIF', 'TIFF', 'WEBP'])
def test_other_formats_become_png(photo, image_format):
  content, shown = images.load(saved(photo, image_format))
  assert content.startswith(b'\x89PNG')
  np.testing.assert_array_equal(images.decode(content), np.asarray(shown))


@pytest.mark.parametrize('content', [b'', b'not an image', b'\x89PNG\r\n\x1a\n'])
def test_what_is_no_image_is_refused_by_name(tmp_path, content):
  (tmp_path / 'broken.png').write_bytes(content)
  with pytest.raises(DataError, match='broken.png: not an image'):
    images.load(tmp_path / 'broken.png')
  with pytest.raises(DataError, match='^image bytes: not an image'):
    images.load(content)


def test_an_image_cut_short_is_refused_by_name(photo, tmp_path):
  (tmp_path / 'cut.jpg').write_bytes(saved(photo, 'JPEG')[:-200])
  with pytest.raises(DataError, match='cut.jpg'):
    images.load(tmp_path / 'cut.jpg')


def test_a_decompression_bomb_is_refused_by_name(photo, tmp_path, monkeypatch):
  monkeypatch.setattr(PIL.Image, 'MAX_IMAGE_PIXELS', 100)
  (tmp_path / 'bomb.png').write_bytes(saved(photo, 'PNG'))
  with pytest.raises(DataError, match='bomb.png: not an image .*decompression bomb'):
    images.load(tmp_path / 'bomb.png')


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
  for path in (tmp_path, tmp_path / 'nowhere.jpg'):
    with pytest.raises(DataError, match=f'{path.name}: no such file'):
      images.load(path)


@pytest.mark.parametrize('array', [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.uint8)])
def test_an_array_of_another_type_or_shape_is_refused(array):
  with pytest.raises(DataError, match=r'expected uint8 \[H, W, 3\] in RGB, received'):
    images.check_pixels(array)
