"""Every image is decoded once; what the OD API cannot read is converted, and what EXIF turns is turned."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from components.voc_example_gen import images
from components.voc_example_gen.refusals import Reason
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc

KEPT = {
  'baseline JPEG': encode(picture()),
  'progressive JPEG': encode(picture(), progressive=True),
  'grey JPEG': encode(picture(mode='L')),
  'CMYK JPEG': encode(picture(mode='CMYK')),
  'PNG': encode(picture(), 'PNG'),
  'grey PNG': encode(picture(mode='L'), 'PNG'),
  '16-bit PNG': encode(Image.fromarray(np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 20), 'PNG'),
  'PNG with a palette': encode(picture(mode='P'), 'PNG'),
  'PNG with alpha': encode(picture(mode='RGBA'), 'PNG'),
  'black and white PNG': encode(picture(mode='1'), 'PNG'),
  'interlaced PNG': encode(picture(), 'PNG', interlace=1),
}


@pytest.mark.parametrize('content', KEPT.values(), ids=KEPT)
def test_jpeg_and_png_go_in_as_they_are_and_tensorflow_reads_them(content):
  import tensorflow as tf

  checked = images.check(content)
  assert checked.content is content
  assert (checked.width, checked.height) == (64, 48)
  decode = tf.io.decode_jpeg if checked.format == 'jpeg' else tf.io.decode_image
  assert decode(checked.content, channels=3).shape == (48, 64, 3)


@pytest.mark.parametrize('kind', ['BMP', 'TIFF', 'WEBP', 'GIF', 'PPM'])
@pytest.mark.parametrize('mode', ['RGB', 'L', 'P'])
def test_other_formats_become_png_without_loss(kind, mode):
  source = picture(mode={'GIF': 'P', 'PPM': mode.replace('P', '1')}.get(kind, mode))
  options = {'lossless': True} if kind == 'WEBP' else {}
  content = encode(source.convert('RGB') if kind == 'WEBP' else source, kind, **options)
  checked = images.check(content)
  assert (checked.format, checked.converted) == ('png', kind)
  expected = Image.open(io.BytesIO(content)).convert('RGB')
  assert np.array_equal(np.asarray(Image.open(io.BytesIO(checked.content)).convert('RGB')), np.asarray(expected))


def test_sixteen_bit_tiff_keeps_its_sixteen_bits():
  pixels = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 20
  checked = images.check(encode(Image.fromarray(pixels), 'TIFF'))
  assert np.array_equal(np.asarray(Image.open(io.BytesIO(checked.content))), pixels)


def test_the_first_frame_of_an_animation_is_taken():
  frames = [picture(n, mode='P') for n in range(3)]
  checked = images.check(encode(frames[0], 'GIF', save_all=True, append_images=frames[1:]))
  assert Image.open(io.BytesIO(checked.content)).size == (64, 48)


def rotated(orientation):
  """A picture, red in its upright top left corner, stored as a camera with this EXIF orientation would."""
  upright = Image.new('RGB', (64, 48), (0, 0, 255))
  upright.paste((255, 0, 0), (0, 0, 16, 16))
  undo = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
  }
  exif = Image.Exif()
  exif[0x0112] = orientation
  return encode(upright.transpose(undo[orientation]), exif=exif, quality=95)


@pytest.mark.parametrize('orientation', range(2, 9))
def test_an_image_that_exif_turns_is_stored_upright(orientation):
  checked = images.check(rotated(orientation), (64, 48))
  image = Image.open(io.BytesIO(checked.content))
  assert checked.turned
  assert (checked.width, checked.height) == image.size == (64, 48)
  assert image.getexif().get(0x0112, 1) == 1
  red, _, blue = image.getpixel((4, 4))
  assert red > 200
  assert blue < 50


def test_an_annotator_who_saw_the_stored_image_is_believed():
  content = rotated(6)
  checked = images.check(content, (48, 64))
  assert checked.content is content
  assert (checked.width, checked.height, checked.turned) == (48, 64, False)


def test_broken_exif_does_not_refuse_an_image():
  content = encode(picture(), exif=b'Exif\0\0II*\0\xff\xff\xff\xff\x99\x99')
  assert images.check(content).content is content


def test_alike_images_have_nearly_equal_thumbs_and_others_do_not():
  rng = np.random.default_rng(0)
  photos = [
    Image.fromarray(rng.integers(0, 255, (6, 8, 3), np.uint8)).resize((320, 240), Image.Resampling.BICUBIC)
    for _ in range(2)
  ]
  first = images.check(encode(photos[0], quality=95)).thumb
  again = images.check(encode(photos[0].resize((200, 150)), quality=40)).thumb
  other = images.check(encode(photos[1])).thumb
  assert (first ^ again).bit_count() <= 3
  assert (first ^ other).bit_count() > 10
  assert images.check(encode(Image.new('RGB', (64, 48), (9, 9, 9)))).thumb is None


def test_the_users_bytes_are_never_changed():
  content = rotated(6)
  before = bytes(content)
  images.check(content, (64, 48))
  assert content == before


def png_chunk(kind, data):
  return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def huge_png(side):
  """A PNG whose header promises side x side pixels."""
  header = png_chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0))
  return b'\x89PNG\r\n\x1a\n' + header + png_chunk(b'IDAT', zlib.compress(b'\0' * 100)) + png_chunk(b'IEND', b'')


def broken(content, at=0.5, by=b'\xff\xff\xff\xff'):
  place = int(len(content) * at)
  return content[:place] + by + content[place + len(by) :]


JPEG, PNG, WEBP = encode(picture()), encode(picture(), 'PNG'), encode(picture(), 'WEBP')

REFUSED_IMAGES = {
  'no bytes': ('a.jpg', b'', Reason.IMAGE_EMPTY),
  'text called .jpg': ('a.jpg', b'not an image', Reason.IMAGE_FORMAT_UNKNOWN),
  'an error page called .jpg': ('a.jpg', b'<html>404</html>', Reason.IMAGE_FORMAT_UNKNOWN),
  'null bytes': ('a.jpg', b'\0' * 5000, Reason.IMAGE_FORMAT_UNKNOWN),
  'SVG called .png': ('a.png', b'<svg xmlns="http://www.w3.org/2000/svg"/>', Reason.IMAGE_FORMAT_UNKNOWN),
  'PostScript, for which Pillow runs a program': (
    'a.jpg',
    b'%!PS-Adobe-3.0 EPSF-3.0\n',
    Reason.IMAGE_FORMAT_UNKNOWN,
  ),
  'a telephone photograph that was not converted': (
    'a.HEIC',
    b'\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    Reason.IMAGE_FORMAT_UNKNOWN,
  ),
  'PDF': ('a.jpg', b'%PDF-1.4\n', Reason.IMAGE_FORMAT_UNKNOWN),
  'JPEG, half': ('a.jpg', JPEG[: len(JPEG) // 2], Reason.IMAGE_CORRUPT),
  'JPEG, last bytes missing': ('a.jpg', JPEG[:-60], Reason.IMAGE_CORRUPT),
  'JPEG, header alone': ('a.jpg', JPEG[:20], Reason.IMAGE_CORRUPT),
  'JPEG, three bytes': ('a.jpg', JPEG[:3], Reason.IMAGE_CORRUPT),
  'progressive JPEG, half': ('a.jpg', encode(picture(), progressive=True)[:700], Reason.IMAGE_CORRUPT),
  'PNG, half': ('a.png', PNG[: len(PNG) // 2], Reason.IMAGE_CORRUPT),
  'PNG, a wrong checksum': ('a.png', broken(PNG, 0.6), Reason.IMAGE_CORRUPT),
  'PNG, signature alone': ('a.png', PNG[:8], Reason.IMAGE_CORRUPT),
  'BMP, half': ('a.bmp', encode(picture(), 'BMP')[:3000], Reason.IMAGE_CORRUPT),
  'WebP, half': ('a.webp', WEBP[: len(WEBP) // 2], Reason.IMAGE_CORRUPT),
  'TIFF, header alone': ('a.tif', encode(picture(), 'TIFF')[:20], Reason.IMAGE_CORRUPT),
  'GIF, header alone': ('a.gif', encode(picture(), 'GIF')[:12], Reason.IMAGE_CORRUPT),
  'decompression bomb': ('a.png', huge_png(60_000), Reason.IMAGE_TOO_LARGE),
  'more pixels than any camera': ('a.png', huge_png(11_500), Reason.IMAGE_TOO_LARGE),
  'fewer pixels than promised': ('a.png', huge_png(500), Reason.IMAGE_CORRUPT),
  'floating point TIFF': ('a.tif', encode(Image.new('F', (8, 8)), 'TIFF'), Reason.IMAGE_FORMAT_UNKNOWN),
}


@pytest.mark.filterwarnings('ignore::PIL.Image.DecompressionBombWarning')  # pytest sets the module's own filter aside
@pytest.mark.parametrize(('name', 'content', 'reason'), REFUSED_IMAGES.values(), ids=REFUSED_IMAGES)
def test_an_image_that_cannot_be_used(tmp_path, name, content, reason):
  voc_maker.write(tmp_path, {**voc_maker.good(), name: content, 'a.xml': voc(thing(), filename=name)})
  _, _, tally = voc_maker.examine(tmp_path)
  assert voc_maker.reasons(tally) == {name: reason.value}


def test_a_thumbnail_is_upright_small_and_knows_the_size_of_the_whole():
  small = images.thumbnail(rotated(6), (64, 48), longest=32)
  assert small.picture.size == (32, 24)
  assert (small.width, small.height) == (64, 48)
