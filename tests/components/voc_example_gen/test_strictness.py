"""What goes into a record is decoded by TensorFlow too: damaged files are refused or written anew."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from components.voc_example_gen import images, strictness
from components.voc_example_gen.refusals import RefusedFileError
from tests.support.voc_maker import encode, picture

MUTANTS = 300  # of each group of formats
SIXTEEN_BITS = Image.fromarray(np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 20)


def chunk(kind, data):
  return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def chunks_of(png):
  """[(kind, data)] of a PNG."""
  found, place = [], 8
  while place < len(png):
    (length,) = struct.unpack_from('>I', png, place)
    found.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
    place += 12 + length
  return found


def png_of(chunks):
  return b'\x89PNG\r\n\x1a\n' + b''.join(chunk(kind, data) for kind, data in chunks)


def with_text():
  info = PngImagePlugin.PngInfo()
  info.add_text('Title', 'x' * 20)
  return encode(picture(), 'PNG', pnginfo=info, dpi=(72, 72))


PNG = encode(picture(), 'PNG')
PNGS = [
  PNG,
  with_text(),
  *(encode(picture(mode=mode), 'PNG') for mode in ('L', 'P', '1', 'RGBA', 'LA')),
  encode(picture(mode='P'), 'PNG', transparency=3),
  encode(SIXTEEN_BITS, 'PNG'),
  encode(picture(), 'PNG', interlace=1),
]
JPEGS = [
  *(encode(picture(mode=mode), progressive=p) for mode in ('RGB', 'L', 'CMYK') for p in (False, True)),
  encode(picture(), restart_marker_rows=1),
  encode(picture(), subsampling=0, optimize=True),
]
OTHERS = [
  *(encode(picture(mode=mode), 'BMP') for mode in ('RGB', 'P', '1')),
  *(encode(picture(mode=mode), 'TIFF') for mode in ('RGB', 'P', '1', 'CMYK')),
  encode(picture(), 'TIFF', compression='tiff_lzw'),
  encode(SIXTEEN_BITS, 'TIFF'),
  encode(picture(), 'WEBP'),
  encode(picture(mode='RGBA'), 'WEBP', lossless=True),
  encode(picture(mode='P'), 'GIF'),
  *(encode(picture(mode=mode), 'PPM') for mode in ('RGB', 'L', '1')),
  encode(SIXTEEN_BITS, 'PPM'),
]


def changed(content, rng):
  """One or two bytes changed, the end missing, some bytes gone, or some added."""
  content, kind = bytearray(content), rng.random()
  place = rng.randrange(len(content))
  if kind < 0.6:
    content[place] = rng.randrange(256)
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
  elif kind < 0.8:
    del content[-rng.randrange(1, 30) :]
  elif kind < 0.9:
    del content[place : place + rng.randrange(1, 9)]
  else:
    content[place:place] = rng.randbytes(rng.randrange(1, 9))
  return bytes(content)


def rewritten(png, rng):
  """A PNG with one byte of a chunk changed, or a chunk left out or doubled, and all checksums of chunks right."""
  chunks = chunks_of(png)
  place = rng.randrange(len(chunks))
  kind, data = chunks[place]
  if not data or rng.random() < 0.2:
    chunks[place : place + 1] = [(kind, data)] * rng.choice((0, 2))
  else:
    at = rng.randrange(len(data))
    chunks[place] = (kind, data[:at] + rng.randbytes(1) + data[at + 1 :])
  return png_of(chunks)


@pytest.mark.filterwarnings('ignore')  # Pillow warns of much in damaged files
@pytest.mark.parametrize(
  ('contents', 'mutate'),
  [(PNGS, changed), (PNGS, rewritten), (JPEGS, changed), (OTHERS, changed)],
  ids=['PNG', 'PNG with right checksums', 'JPEG', 'others'],
)
def test_whatever_is_accepted_is_decoded_by_tensorflow(contents, mutate):
  rng = random.Random(16)
  mutants = [mutate(contents[number % len(contents)], rng) for number in range(MUTANTS)]
  accepted = [image for content in (*contents, *mutants) if (image := checked(content))]
  assert len(accepted) >= len(contents)
  assert [image.content for image in accepted if not tensorflow_decodes(image)] == []


def checked(content):
  try:
    return images.check(content)
  except RefusedFileError:
    return None


def tensorflow_decodes(image):
  import tensorflow as tf

  decode = tf.io.decode_jpeg if image.format == 'jpeg' else tf.io.decode_image
  try:
    return decode(image.content, channels=3).shape == (image.height, image.width, 3)
  except tf.errors.InvalidArgumentError:
    return False


def test_every_undamaged_png_and_jpeg_goes_in_as_it_is():
  assert all(images.check(content).content is content for content in (*PNGS, *JPEGS))


HEADER, *_ = dict(chunks_of(PNG)).values()
PIXELS = zlib.decompress(dict(chunks_of(PNG))[b'IDAT'])
DAMAGED = {
  'no last bytes': (PNG[:-3], 'its end is missing'),
  'no IEND': (PNG[:-12], 'its end is missing'),
  'a changed byte': (PNG[:60] + b'\0' + PNG[61:], 'chunk IDAT does not have its checksum'),
  'an unknown kind of compression': (png_of([(b'IHDR', HEADER[:10] + b'\1' + HEADER[11:])]), 'does not exist'),
  'a chunk of a telephone maker': (
    png_of([(b'IHDR', HEADER), (b'IDAT', b''), (b'QQQQ', b'')]),
    'chunk QQQQ is unknown',
  ),
  'a missing row': (
    png_of([(b'IHDR', HEADER), (b'IDAT', zlib.compress(PIXELS[: -len(PIXELS) // 48])), (b'IEND', b'')]),
    'its pixels are not complete',
  ),
  'a bomb': (
    png_of([(b'IHDR', HEADER), (b'IDAT', zlib.compress(bytes(10**7))), (b'IEND', b'')]),
    'far more than its pixels',
  ),
  'no checksum of the pixels': (
    png_of([(b'IHDR', HEADER), (b'IDAT', zlib.compress(PIXELS)[:-4]), (b'IEND', b'')]),
    'its pixels are not complete',
  ),
}


@pytest.mark.parametrize(('content', 'expected'), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_png_is_told_by_what_is_wrong(content, expected):
  with pytest.raises(RefusedFileError, match=expected):
    strictness.unpack_png(content)


@pytest.mark.parametrize('png', PNGS)
def test_an_unpacked_png_is_larger_and_shows_the_same(png):
  unpacked = strictness.unpack_png(png)
  assert len(unpacked) > len(png)
  before, after = (Image.open(io.BytesIO(content)) for content in (png, unpacked))
  assert (before.mode, before.info, before.tobytes()) == (after.mode, after.info, after.tobytes())


def test_a_few_bytes_more_than_the_pixels_are_let_pass():
  longer = png_of([(b'IHDR', HEADER), (b'IDAT', zlib.compress(PIXELS + b'more')), (b'IEND', b'')])
  assert strictness.unpack_png(longer) == strictness.unpack_png(PNG)


def test_a_jpeg_needs_its_end_and_may_have_more_after_it():
  jpeg = encode(picture())
  strictness.check_jpeg(jpeg)
  strictness.check_jpeg(jpeg + b'a trailer')
  with pytest.raises(RefusedFileError, match='its end is missing'):
    strictness.check_jpeg(jpeg[:-2])


@pytest.mark.parametrize('frame', [0xC3, 0xC9, 0xCA])
def test_a_lossless_or_arithmetic_jpeg_is_uncommon(frame):
  jpeg = encode(picture())
  assert strictness.is_common_jpeg(jpeg)
  assert not strictness.is_common_jpeg(jpeg.replace(b'\xff\xc0', bytes((0xFF, frame))))


def test_sixteen_bits_of_a_netpbm_image_are_kept():
  content = images.check(encode(SIXTEEN_BITS, 'PPM')).content
  assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), np.asarray(SIXTEEN_BITS))
