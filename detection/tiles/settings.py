"""The `tiles:` section of a run config's data."""

from pydantic import v1 as pydantic

from detection.base.settings import Settings
from detection.tiles.grid import Grid


class TileSettings(Settings):
  """Large images are cut into overlapping tiles to train on, and looked at tile by tile.

  size: of a tile's sides, in pixels; the model resizes tiles to its own input.
  overlap: of neighbours, as a part of a side. An object that is no larger than the overlap is whole in some tile.
  min_visible: a box belongs to a tile if at least this part of its area is inside; it is clipped.
  empty: the part of the tiles without an object that is trained on; which ones, their names decide.
  """

  size: int = pydantic.Field(..., ge=32)
  overlap: float = pydantic.Field(0.2, ge=0, le=0.9)
  min_visible: float = pydantic.Field(0.5, gt=0, le=1)
  empty: float = pydantic.Field(0.1, ge=0, le=1)

  @property
  def grid(self) -> Grid:
    return Grid(self.size, self.overlap)
