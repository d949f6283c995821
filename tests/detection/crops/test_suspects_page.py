"""The page of suspects."""

from detection.crops import suspects_page
from detection.crops.suspects import Suspect, SuspectReport
from tests.support.colour_crops import BOX, scene


def test_the_page_shows_each_suspect_with_both_names():
  image = scene('red-3.png', 'red')
  suspect = Suspect(image.name, 0, '<blue>', BOX, 'red', 0.9, 0.1)
  html = suspects_page.render(SuspectReport((suspect,), 36, ('odd',)), 'Suspects', {image.name: image.encoded})
  assert html.count('<figure>') == 1
  assert '&lt;blue&gt;' in html
  assert '<blue>' not in html
  assert 'red-3.png, box 0' in html
  assert 'only one image has them: odd' in html


def test_the_page_has_pictures_of_the_first_and_counts_the_rest(monkeypatch):
  monkeypatch.setattr(suspects_page, 'MAX_SHOWN', 2)
  image = scene('red-3.png', 'red')
  suspect = Suspect(image.name, 0, 'blue', BOX, 'red', 0.9, 0.1)
  html = suspects_page.render(SuspectReport((suspect,) * 5, 36, ()), 'Suspects', {image.name: image.encoded})
  assert html.count('<figure>') == 2
  assert 'And 3 more' in html
