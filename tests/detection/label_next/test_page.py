"""The page of images to label."""

import numpy as np
import PIL.Image

from detection.crops.seen_images import SeenImages
from detection.detections import Detections
from detection.label_next import page
from detection.label_next.choice import Chosen


def test_the_page_shows_the_first_of_the_chosen_in_their_order(tmp_path, monkeypatch):
  monkeypatch.setattr(page, 'MOST_SHOWN', 2)
  paths = [str(tmp_path / f'{number}.png') for number in range(4)]
  for path in paths:
    PIL.Image.new('RGB', (32, 32)).save(path)
  boxes = np.array([[0.1, 0.1, 0.5, 0.5]] * 2, np.float32)
  found = Detections(boxes, np.array([1, 1]), np.array([0.9, 0.1], np.float32), ('<cat>', '<cat>'))
  seen = SeenImages(paths, [(32, 32)] * 4, [found] * 4, np.zeros((4, 2)))
  chosen = [Chosen(2, 1.5, 0.25, None, 0.9), Chosen(0, 0.5, 0.1, 3.25, 0.5), Chosen(1, 0.1, 0.1, 0.1, 0.1)]
  html = page.render(seen, chosen, 0.3, 'Next')
  assert html.count('<figure>') == 2
  assert html.index(paths[2]) < html.index(paths[0])
  assert '<b>1</b>: 1 boxes proposed<br>doubt 1.50, in the mirror 0.25, distance –' in html
  assert 'And 1 more: label-next.json lists all.' in html
