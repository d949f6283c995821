"""The page of a comparison."""

import numpy as np
import PIL.Image

from detection.crops.seen_images import SeenImages
from detection.detections import Detections
from detection.drift import page
from detection.drift.comparison import Comparison


def test_the_page_shows_the_most_foreign_images_first(tmp_path, monkeypatch):
  monkeypatch.setattr(page, 'MOST_SHOWN', 2)
  paths = [str(tmp_path / f'{number}.png') for number in range(3)]
  for path in paths:
    PIL.Image.new('RGB', (32, 32)).save(path)
  box = np.array([[0.1, 0.1, 0.5, 0.5]], np.float32)
  found = Detections(box, np.array([1]), np.array([0.9], np.float32), ('<cat>',))
  seen = SeenImages(paths, [(32, 32)] * 3, [found] * 3, np.zeros((3, 2)))
  p_values = {'features': 0.0005, 'objects': 0.4}
  comparison = Comparison(0.01, p_values, {'objects': (2.0, 1.25)}, np.array([1.0, 9.5, 3.0]), 40)
  html = page.render(comparison, seen, 0.5, '<Drift>')
  assert '<title>&lt;Drift&gt;' in html
  assert html.count('<figure>') == 2
  assert html.index('<b>9.5 times</b>, 1 objects found<br>' + paths[1]) < html.index(paths[2])
  assert paths[0] not in html
  assert '<b>drift</b><span>features</span>' in html
  assert html.count('<td>differs</td>') == 1
  assert '1.25' in html
