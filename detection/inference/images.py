"""Images as a user gives them, made into what a model takes: upright JPEG or PNG bytes, or RGB pixels."""

import io
import os

import numpy as np
import PIL.Image
import PIL.ImageOps

from detection.base import files
from detection.base.errors import DataError

Encodable = str | os.PathLike | bytes | PIL.Image.Image
Image = Encodable | np.ndarray

# What TensorFlow's own image op decodes to the same pixels as Pillow shows; all else is handed over as PNG.
_PLAIN_FORMATS = ('JPEG', 'PNG')
_PLAIN_MODES = ('RGB', 'L')
_ORIENTATION = 0x0112  # EXIF tag; the model's decoder does not turn images


def load(image: Encodable) -> tuple[bytes, PIL.Image.Image]:
  """Reads an image and turns it upright by its EXIF orientation.

  Args:
    image: a file's path, the bytes of an image file in any format that Pillow reads, or a Pillow image.

  Returns:
    (JPEG or PNG bytes, as the model's `image_bytes` signature reads them; the decoded image). Upright JPEG or PNG
    bytes come back as they are, so that the model decodes the original.

  Raises:
    DataError: if there is no such file, or it is no whole image.
  """
  if isinstance(image, PIL.Image.Image):
    return _as_png(image)
  where = 'image bytes' if isinstance(image, bytes) else os.fspath(image)
  try:
    content = image if isinstance(image, bytes) else files.read_user_file(where)
  except OSError as error:
    raise DataError(f'{where}: cannot be read: {error.strerror or error}.') from error
  try:
    opened = PIL.Image.open(io.BytesIO(content))
    opened.load()  # a file cut short fails here, with its name, not inside a batch
    upright = opened.getexif().get(_ORIENTATION, 1) == 1
    if opened.format in _PLAIN_FORMATS and opened.mode in _PLAIN_MODES and upright:
      return content, opened
    return _as_png(opened)
  # Pillow's plugins raise nearly anything on hostile bytes (OSError, SyntaxError, struct.error, zlib.error, ...).
  except Exception as error:
    raise DataError(f'{where}: not an image that can be read: {error}. Expected a whole JPEG or PNG.') from error


def encoded(image: Encodable) -> bytes:
  """The bytes that `load` gives. Raises as `load`."""
  return load(image)[0]


def decode(content: bytes) -> np.ndarray:
  """The pixels uint8 [H, W, 3] of JPEG or PNG bytes, by the op that is inside the SavedModels.

  Where there is no TensorFlow, as beside ONNX Runtime alone, Pillow decodes; a JPEG's pixels may then differ by one or
  two of 255.

  Raises:
    DataError: if they cannot be decoded.
  """
  try:
    import tensorflow as tf
  except ImportError:
    return np.asarray(load(content)[1].convert('RGB'))
  try:
    return tf.io.decode_image(content, channels=3, expand_animations=False).numpy()
  except tf.errors.InvalidArgumentError as error:
    raise DataError(f'image bytes: cannot be decoded: {error.message.splitlines()[0]}') from error


def check_pixels(image: np.ndarray) -> np.ndarray:
  """Returns the array. Raises DataError unless it is uint8 [H, W, 3]."""
  if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
    raise DataError(f'image array: expected uint8 [H, W, 3] in RGB, received {image.dtype} {list(image.shape)}.')
  return image


def _as_png(image: PIL.Image.Image) -> tuple[bytes, PIL.Image.Image]:
  plain = PIL.ImageOps.exif_transpose(image).convert('RGB')
  buffer = io.BytesIO()
  plain.save(buffer, 'PNG', compress_level=1)
  return buffer.getvalue(), plain
