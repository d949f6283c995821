"""visualization_utils measures its captions with FreeTypeFont.getsize, gone from Pillow 10."""

from PIL import ImageFont

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('pillow', since='10')


def apply() -> None:
  ImageFont.FreeTypeFont.getsize = _getsize  # type: ignore[attr-defined] # Pillow 10 has no such attribute


def _getsize(self: ImageFont.FreeTypeFont, text: str) -> tuple[float, float]:
  left, top, right, bottom = self.getbbox(text)
  return right - left, bottom - top
