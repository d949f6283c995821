"""The page of images to label."""

import numpy as np
import PIL.Image
import pytest

from detection.crops.seen_images import SeenImages
from detection.detections import Detections
from detection.label_next import page
from detection.label_next.choice import Chosen


@pytest.fixture
def seen(tmp_path):
  paths = [str(tmp_path / f'{number}.png') for number in range(4)]
  for path in paths:
    PIL.Image.new('RGB', (32, 32)).save(path)
  boxes = np.array([[0.1, 0.1, 0.5, 0.5]] * 2, np.float32)
  found = Detections(boxes, np.array([1, 1]), np.array([0.9, 0.1], np.float32), ('<cat>', '<cat>'))
  return SeenImages(paths, [(32, 32)] * 4, [found] * 4, np.zeros((4, 2)))


def test_the_page_shows_the_first_of_the_chosen_in_their_order(seen, monkeypatch):
  monkeypatch.setattr(page, 'MOST_SHOWN', 2)
  chosen = [Chosen(2, 1.5, 0.25, None, 0.9), Chosen(0, 0.5, 0.1, 3.25, 0.5), Chosen(1, 0.1, 0.1, 0.1, 0.1)]
  html = page.render(seen, chosen, 0.3, 'Next')
  assert html.count('<figure>') == 2
  assert html.index(seen.paths[2]) < html.index(seen.paths[0])
  assert '<b>1</b>: 1 boxes proposed<br>doubt 1.50, in the mirror 0.25, distance –' in html
  assert 'And 1 more: label-next.json lists all.' in html


def test_of_images_that_hold_nothing_the_boxes_are_mistakes(seen):
  html = page.render(seen, [Chosen(1, 0.5, 0.0, None, 0.9)], 0.3, 'Next', hold_nothing=True)
  assert '<b>1</b>: 1 boxes where nothing is<br>' in html
  assert 'proposed' not in html
