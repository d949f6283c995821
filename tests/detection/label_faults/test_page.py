"""The page of suspects."""

import pytest

from detection.crops.suspects import Suspect, SuspectReport
from detection.label_faults import page
from detection.label_faults.fault import Fault
from detection.label_faults.ranking import LabelFaults
from detection.label_faults.report import MAY_HAVE_SEEN, LabelReport
from tests.support.colour_crops import BOX, scene

ASIDE = (0.5, 0.5, 0.9, 0.9)
SUSPECT = Suspect('red-3.png', 0, '<blue>', BOX, 'red', 0.9, 0.1)
FAULTS = {
  'missing': (Fault('red-3.png', None, '<cat>', None, BOX, 0.75),),
  'superfluous': (Fault('red-3.png', 1, 'dog', BOX, None, 0.5),),
  'misplaced': (Fault('red-3.png', 2, 'red', ASIDE, BOX, 0.25),),
}


def render(swapped=None, faults=None, notes=()):
  return page.render(LabelReport(swapped, faults, notes), 'Suspects', {'red-3.png': scene('red-3.png', 'red').encoded})


def test_the_page_shows_each_suspect_with_both_names():
  html = render(SuspectReport((SUSPECT,), 36, ('odd',)))
  assert html.count('<figure>') == 1
  assert '&lt;blue&gt;' in html
  assert '<blue>' not in html
  assert 'red-3.png, box 0' in html
  assert 'only one image has them: odd' in html


def test_the_page_has_pictures_of_the_first_and_counts_the_rest(monkeypatch):
  monkeypatch.setattr(page, 'MAX_SHOWN', 2)
  html = render(SuspectReport((SUSPECT,) * 5, 36, ()), LabelFaults({'missing': FAULTS['missing'] * 6}, 9, 36, (), 3))
  assert html.count('<figure>') == 4
  assert 'And 3 more' in html
  assert 'And 4 more' in html


def test_each_kind_of_fault_has_its_pictures():
  html = render(faults=LabelFaults(FAULTS, 9, 36, ('bird',), 3), notes=('Swapped classes were not looked for: one.',))
  assert html.count('<figure>') == 3
  for shown in ('looks like <b>&lt;cat&gt;</b> (score 0.75)', 'red-3.png, box 1', '<b>red</b> (score 0.25)'):
    assert shown in html
  assert 'the detector never finds them: bird' in html
  assert 'Swapped classes were not looked for: one.' in html
  assert '3 folds' in html


@pytest.mark.parametrize(('folds', 'said'), [(0, True), (3, False)])
def test_it_says_when_the_model_may_have_seen_the_images(folds, said):
  assert (MAY_HAVE_SEEN in render(faults=LabelFaults({}, 9, 36, (), folds))) == said
