"""A fault's boxes are numbers that a file can hold."""

import json

import numpy as np

from detection.label_faults import fault


def test_corners_are_rounded_to_what_a_pixel_needs():
  assert json.dumps(fault.rounded(np.array([0.1, 0.2, 1 / 3, 1], np.float32))) == '[0.1, 0.2, 0.33333, 1.0]'
