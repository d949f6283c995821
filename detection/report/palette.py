"""The colours of boxes, charts and pages, as '#rrggbb': Pillow, matplotlib and CSS all read it.

The hues are Okabe and Ito's (jfly.uni-koeln.de/color), which colour-blind readers can tell apart too.
"""

import colorsys

ORANGE = '#e69f00'
SKY_BLUE = '#56b4e9'
GREEN = '#009e73'
YELLOW = '#f0e442'
BLUE = '#0072b2'
VERMILION = '#d55e00'
PINK = '#cc79a7'
GREY = '#7f7f7f'
LIGHT_GREY = '#b0b7c3'
MIDDLE_GREY = '#808080'  # guide lines, and the margin around an image

# Boxes of an evaluated image.
LABELLED_BOX = '#ffffff'
HIT_BOX = '#00be78'
FALSE_BOX = '#eb3c32'
MISSED_BOX = '#ffbe00'

# CSS variables of a page, by the reader's colour scheme.
LIGHT_PAGE = {
  'ground': '#f6f7f9',
  'card': '#ffffff',
  'ink': '#1c2330',
  'soft': '#5b6675',
  'line': '#dfe3e9',
  'good': '#0b7a4b',
  'good-ground': '#e3f5ec',
  'bad': '#b3261e',
  'bad-ground': '#fcebea',
  'accent': '#0b62b8',
}
DARK_PAGE = {
  'ground': '#12161d',
  'card': '#1b212b',
  'ink': '#e6eaf0',
  'soft': '#9aa6b6',
  'line': '#303947',
  'good': '#5fd6a0',
  'good-ground': '#12342a',
  'bad': '#ff8d85',
  'bad-ground': '#3d1d1c',
  'accent': '#74b5ff',
}

_SERIES = (BLUE, ORANGE, GREEN, PINK, VERMILION, SKY_BLUE, GREY, YELLOW)
_CLASSES = (ORANGE, SKY_BLUE, GREEN, YELLOW, BLUE, VERMILION, PINK)
_GOLDEN_ANGLE = 0.381966  # of a turn: each further hue stays apart from all before it


def class_colour(number: int) -> str:
  """The colour of class id `number`, from 1: the same one on every page and image."""
  index = max(number - 1, 0)
  if index < len(_CLASSES):
    return _CLASSES[index]
  red, green, blue = colorsys.hsv_to_rgb(index * _GOLDEN_ANGLE % 1, 0.65, 0.95)
  return f'#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}'


def series_colour(index: int) -> str:
  """The colour of the run or model at `index`, from 0, in a chart of several; after the eighth they start again."""
  return _SERIES[index % len(_SERIES)]
