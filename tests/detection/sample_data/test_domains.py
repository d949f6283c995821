"""The looks of the sample data."""

import random

import numpy as np
import pytest
from PIL import Image

from detection.sample_data import domains, draw
from tests.support.folders import content


@pytest.mark.parametrize('domain', ['night', 'fog', 'wall'])
def test_another_domain_looks_different_and_is_drawn_the_same_twice(tmp_path, domain):
  for name, look in (('plain', 'plain'), ('a', domain), ('b', domain)):
    draw.write(str(tmp_path / name), images=4, seed=3, domain=look)
  assert content(tmp_path / 'a') == content(tmp_path / 'b')
  assert 'domain' in (tmp_path / 'a' / draw.MARK).read_text()
  plain, other = (
    np.asarray(Image.open(tmp_path / name / 'JPEGImages/sample-0000.jpg'), float) for name in ('plain', 'a')
  )
  assert np.abs(plain - other).mean() > 20


@pytest.mark.parametrize('domain', ['night', 'fog'])
def test_haze_light_and_noise_leave_every_label_as_it_was(tmp_path, domain):
  for look in ('plain', domain):
    draw.write(str(tmp_path / look), images=4, seed=3, domain=look)
  plain, other = (content(tmp_path / look / 'Annotations') for look in ('plain', domain))
  assert plain == other


def test_the_plain_domain_leaves_a_picture_as_it_is():
  picture = domains.brick_wall(32, 24, random.Random(0))
  assert domains.photograph(picture, domains.DOMAINS['plain'], random.Random(0)) is picture
