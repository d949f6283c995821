"""The looks of the sample data: the same drawn objects as another camera would show them. Labels never change."""

import random
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter


class Domain(NamedTuple):
  """How images differ from the plain ones.

  Attributes:
    bricks: the background is a brick wall, not dull patches.
    veil: 0 to 1, the weight of a light grey haze over the picture.
    gains: red, green and blue are multiplied by these.
    blur: standard deviation, in pixels.
    noise: 0 to 1, the weight of coloured noise over the picture.
  """

  bricks: bool = False
  veil: float = 0.0
  gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
  blur: float = 0.0
  noise: float = 0.0


DOMAINS = {
  'plain': Domain(),
  'night': Domain(gains=(0.3, 0.38, 0.62), noise=0.12),
  'fog': Domain(veil=0.6, blur=1.5),
  'wall': Domain(bricks=True, gains=(1.0, 0.85, 0.6), noise=0.08),
}
_HAZE = (205, 208, 212)


def photograph(image: Image.Image, domain: Domain, rng: random.Random) -> Image.Image:
  """Adds haze, changes the light, blurs, then adds noise; returns the new image."""
  if domain.veil:
    image = Image.blend(image, Image.new('RGB', image.size, _HAZE), domain.veil)
  if domain.gains != (1.0, 1.0, 1.0):
    image = image.point([min(255, round(value * gain)) for gain in domain.gains for value in range(256)])
  if domain.blur:
    image = image.filter(ImageFilter.GaussianBlur(domain.blur))
  if domain.noise:
    width, height = image.size
    image = Image.blend(image, Image.frombytes('RGB', image.size, rng.randbytes(width * height * 3)), domain.noise)
  return image


def brick_wall(width: int, height: int, rng: random.Random) -> Image.Image:
  """Rows of bricks, each of its own reddish brown, every second row shifted by half a brick."""
  image = Image.new('RGB', (width, height), (190, 185, 175))
  draw = ImageDraw.Draw(image)
  high = rng.randint(14, 24)
  wide = 2 * high + rng.randint(0, 12)
  for row in range(height // high + 1):
    shift = (row % 2) * wide // 2
    for left in range(-shift, width, wide):
      tone = rng.randint(-25, 25)
      draw.rectangle(
        (left, row * high, left + wide - 3, row * high + high - 3), fill=(150 + tone, 90 + tone, 75 + tone)
      )
  return image
