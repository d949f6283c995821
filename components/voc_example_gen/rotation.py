"""Boxes that an annotation turns about their centre: the upright box around the turned one."""

import math
import re
from collections.abc import Mapping

from components.voc_example_gen.annotation import to_number

Corners = tuple[float, float, float, float]  # xmin, ymin, xmax, ymax in pixels
ROTATION = 'rotation'  # in degrees
# In degrees or radians: the files do not say. A yaw or heading is of the object in space, whose box is upright.
ANGLES = (
  *('angle', 'theta', 'rotate', 'rot', 'orientation', 'rotation_angle', 'rotate_angle', 'mbox_ang'),
  *('rotationangle', 'rotateangle', 'bbox_angle', 'box_angle', 'angle_deg', 'angle_degrees', 'rotation_degrees'),
)
_DEGREES = re.compile(r'\s*(°|deg(rees?)?)\s*$', re.IGNORECASE)
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


def degrees(texts: Mapping[str, str]) -> float | None:
  """By how many degrees a box is turned about its centre; None if it is turned, but the unit of the angle is unknown.

  Args:
    texts: {name in lower case: value} of all that is said about the box.
  """
  for name in (ROTATION, *ANGLES):
    text = texts.get(name, '')
    number = to_number(_DEGREES.sub('', text))
    if number:  # neither absent nor 0
      return number if name == ROTATION or _DEGREES.search(text) else None
  return 0.0
