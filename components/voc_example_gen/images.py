"""Checks one image by decoding it, and returns the bytes that go into the example.

JPEG and PNG go in as they are, as the OD API decodes them to RGB; other formats become PNG, losslessly. Lossless JPEG
and JPEG with arithmetic codes are written anew.
"""

import dataclasses
import io
import warnings

import numpy as np
from PIL import Image, ImageOps

from components.voc_example_gen import difference_hash, plain_jpeg, strictness
from components.voc_example_gen.refusals import Reason, RefusedFileError, read_file

Size = tuple[int | None, int | None]  # (width, height) in pixels
MAX_BYTES = 256 * 2**20
MAX_PIXELS = 120_000_000  # the largest phone cameras have 108 million
_AS_THEY_ARE = {'JPEG': 'jpeg', 'MPO': 'jpeg', 'PNG': 'png'}
_OPENED = ('JPEG', 'PNG', 'BMP', 'TIFF', 'WEBP', 'GIF', 'PPM')  # MPO, a phone's two pictures in one, opens as JPEG
# Modes that PNG holds as they are; palettes and the rest become RGB.
_PNG_MODES = frozenset({'L', 'RGB', 'RGBA', 'LA', 'I;16'})
_RGB_MODES = frozenset({'1', 'P', 'PA', 'CMYK', 'YCbCr', 'LAB', 'HSV', 'RGBX', 'RGBa', 'La'})
_SIGNATURES = (b'\xff\xd8', b'\x89PNG', b'GIF8', b'BM', b'II*\0', b'MM\0*', b'RIFF', b'P4', b'P5', b'P6')
_ORIENTATION = 0x0112
# Pillow warns on stderr from 90 million pixels on; MAX_PIXELS decides here.
warnings.filterwarnings('ignore', category=Image.DecompressionBombWarning)


@dataclasses.dataclass(frozen=True)
class CheckedImage:
  """An image that decodes.

  Attributes:
    content: bytes for `image/encoded`; the file's own unless it was converted or turned upright.
    format: 'jpeg' or 'png'.
    width, height: in pixels, of `content`.
    converted: the file's format, if it was not kept as it is; else ''.
    turned: EXIF asked for a rotation, and `content` is upright now.
    grey: a small grey picture of it, uint8 [height, width], of which `thumb` is the hash.
  """

  content: bytes
  format: str
  width: int
  height: int
  converted: str
  turned: bool
  grey: np.ndarray = dataclasses.field(compare=False)

  @property
  def thumb(self) -> int | None:
    """64-bit difference hash; images that look alike differ in few bits. None for a flat image."""
    return difference_hash.of_grey(self.grey)


def read(root: str, path: str) -> bytes:
  """The bytes of the image at `path` below `root`.

  Raises:
    RefusedFileError: IMAGE_UNREADABLE, or IMAGE_TOO_LARGE above 256 MiB.
  """
  return read_file(root, path, MAX_BYTES, Reason.IMAGE_UNREADABLE, Reason.IMAGE_TOO_LARGE)


def check(content: bytes, declared: Size = (None, None)) -> CheckedImage:
  """Decodes an image once, at reduced scale where JPEG allows it.

  Args:
    content: the file's bytes.
    declared: (width, height) in its annotation, or (None, None). If it is the stored size and not the upright one, the
      annotator saw the image as it is stored, and an EXIF rotation is left alone.

  Raises:
    RefusedFileError: IMAGE_EMPTY, IMAGE_FORMAT_UNKNOWN, IMAGE_TOO_LARGE or IMAGE_CORRUPT.
  """
  if not content:
    raise RefusedFileError(Reason.IMAGE_EMPTY, 'the file has no bytes')
  if plain := plain_jpeg.decode(content, MAX_PIXELS):
    return CheckedImage(content, 'jpeg', plain.width, plain.height, '', False, plain.grey)
  image = _open(content)
  width, height = image.size
  if width * height > MAX_PIXELS:
    raise RefusedFileError(Reason.IMAGE_TOO_LARGE, f'{width}x{height} pixels, expected at most {MAX_PIXELS} in all')
  try:
    if image.format == 'PNG':
      image = _open(strictness.unpack_png(content))
    return _check(image, content, declared)
  except RefusedFileError:
    raise
  # Pillow's plugins raise nearly anything on hostile bytes (OSError, SyntaxError, struct.error, zlib.error, ...).
  except Exception as error:
    raise RefusedFileError(Reason.IMAGE_CORRUPT, f'{type(error).__name__}: {error}') from error


@dataclasses.dataclass(frozen=True)
class Thumbnail:
  """A small picture, upright, and the size in pixels of the whole image it shows."""

  picture: Image.Image
  width: int
  height: int


def thumbnail(content: bytes, declared: Size, longest: int) -> Thumbnail:
  """Decodes an image for a page, at most `longest` pixels on a side. Arguments and errors as for `check`."""
  checked = check(content, declared)
  image = _open(checked.content)
  image.draft('RGB', (longest, longest))
  picture = image.convert('RGB')
  picture.thumbnail((longest, longest))
  return Thumbnail(picture, checked.width, checked.height)


def _open(content: bytes) -> Image.Image:
  try:
    return Image.open(io.BytesIO(content), formats=_OPENED)
  except Image.DecompressionBombError as error:
    raise RefusedFileError(Reason.IMAGE_TOO_LARGE, str(error)) from error
  except Image.UnidentifiedImageError as error:
    if content.startswith(_SIGNATURES):
      raise RefusedFileError(Reason.IMAGE_CORRUPT, 'begins as an image, but its header is broken') from error
    raise RefusedFileError(
      Reason.IMAGE_FORMAT_UNKNOWN, 'no JPEG, PNG, BMP, TIFF, WebP, GIF or PPM by its content'
    ) from error
  except Exception as error:  # as in `check`
    raise RefusedFileError(Reason.IMAGE_CORRUPT, f'{type(error).__name__}: {error}') from error


def _check(image: Image.Image, content: bytes, declared: Size) -> CheckedImage:
  kind = image.format or ''
  turn = _must_turn(image, declared)
  uncommon = _AS_THEY_ARE.get(kind) == 'jpeg' and not strictness.is_common_jpeg(content)
  keep = kind in _AS_THEY_ARE and not turn and not uncommon
  width, height = image.size
  if keep and kind != 'PNG':
    image.draft('L', (max(width // 8, 1), max(height // 8, 1)))  # entropy-decodes every byte, skips most of the rest
  image.load()
  if keep:
    if kind != 'PNG':  # a PNG was checked when it was unpacked
      strictness.check_jpeg(content)
    return CheckedImage(content, _AS_THEY_ARE[kind], width, height, '', False, difference_hash.thumbnail(image))
  upright = ImageOps.exif_transpose(image) if turn else image
  encoded, encoding = _encode(upright, kind)
  width, height = upright.size
  converted = '' if kind in _AS_THEY_ARE and not uncommon else kind
  return CheckedImage(encoded, encoding, width, height, converted, turn, difference_hash.thumbnail(upright))


def _must_turn(image: Image.Image, declared: Size) -> bool:
  """Whether EXIF asks for a rotation that the annotator saw applied, as labelImg, CVAT and browsers do."""
  if 'exif' not in image.info and image.format not in ('TIFF', 'PNG', 'WEBP'):
    return False
  orientation = image.getexif().get(_ORIENTATION, 1)
  if orientation not in range(2, 9):
    return False
  stored = image.size
  upright = stored[::-1] if orientation >= 5 else stored
  return not (declared == stored and stored != upright)


def _encode(image: Image.Image, kind: str) -> tuple[bytes, str]:
  buffer = io.BytesIO()
  if kind in ('JPEG', 'MPO'):
    # A turned photograph: PNG would be ten times its size; at this quality the loss cannot be seen.
    rgb = image if image.mode in ('L', 'RGB') else image.convert('RGB')
    rgb.save(buffer, 'JPEG', quality=95, subsampling=0)
    return buffer.getvalue(), 'jpeg'
  if image.mode in _RGB_MODES:
    image = image.convert('RGB')
  elif (image.mode.startswith('I;16') and image.mode != 'I;16') or (image.mode == 'I' and kind == 'PPM'):
    image = image.convert('I;16')
  if image.mode not in _PNG_MODES:
    raise RefusedFileError(
      Reason.IMAGE_FORMAT_UNKNOWN, f'{kind} with pixels of kind {image.mode}, expected 8 or 16 bits'
    )
  image.save(buffer, 'PNG', compress_level=3)
  return buffer.getvalue(), 'png'
