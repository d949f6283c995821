"""Boxes that an annotation turns about their centre: the upright box around the turned one."""

import math

Corners = tuple[float, float, float, float]  # xmin, ymin, xmax, ymax in pixels
_DECIMALS = 9  # the cosine of 90 degrees is 6e-17


def upright_around(corners: Corners, degrees: float) -> Corners:
  """The smallest upright box around a box that is turned about its centre; clockwise or not gives the same."""
  xmin, ymin, xmax, ymax = corners
  angle = math.radians(degrees % 180)
  cosine, sine = abs(round(math.cos(angle), _DECIMALS)), abs(round(math.sin(angle), _DECIMALS))
  width, height = xmax - xmin, ymax - ymin
  half_width, half_height = (width * cosine + height * sine) / 2, (width * sine + height * cosine) / 2
  x, y = (xmin + xmax) / 2, (ymin + ymax) / 2
  return x - half_width, y - half_height, x + half_width, y + half_height
