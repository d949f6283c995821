"""What is wrong with the labels, as a file and as lines."""

import json

from detection.crops.suspects import Suspect, SuspectReport
from detection.label_faults import report
from detection.label_faults.fault import Fault
from detection.label_faults.ranking import LabelFaults
from detection.label_faults.report import LabelReport

BOX, ASIDE = (0.1, 0.1, 0.5, 0.5), (0.2, 0.2, 0.6, 0.6)
SWAPPED = SuspectReport((Suspect('s.jpg', 0, 'cat', BOX, 'dog', 0.9, 0.1),), 12, ())
FAULTS = LabelFaults(
  {
    'missing': tuple(Fault(f'{name}.jpg', None, 'cat', None, BOX, 0.9) for name in 'abc'),
    'misplaced': (Fault('d.jpg', 2, 'dog', ASIDE, BOX, 0.4),),
  },
  images=9,
  boxes=11,
  unjudged_classes=('bird',),
  folds=0,
)


def test_the_file_has_a_list_for_each_kind_beside_the_swapped_ones():
  content = json.loads(report.as_json(LabelReport(SWAPPED, FAULTS, ('Noted.',))))
  assert (content['boxes'], len(content['suspects']), content['notes']) == (12, 1, ['Noted.'])
  detector = content['detector']
  assert {key: detector[key] for key in ('images', 'boxes', 'classes_left_out', 'folds')} == {
    'images': 9,
    'boxes': 11,
    'classes_left_out': ['bird'],
    'folds': 0,
  }
  assert len(detector['missing']) == 3
  assert detector['misplaced'] == [
    {'image': 'd.jpg', 'number': 2, 'label': 'dog', 'box': list(ASIDE), 'detected': list(BOX), 'score': 0.4}
  ]


def test_a_search_that_was_not_made_leaves_no_lists():
  assert json.loads(report.as_json(LabelReport(None, None, ('Noted.',)))) == {'notes': ['Noted.']}


def test_the_screen_shows_the_first_of_each_kind_and_what_may_be_wrong_with_the_judgement():
  assert report.summary(LabelReport(SWAPPED, FAULTS, ('Noted.',)), most=2) == [
    'suspects: 1 of 12 boxes look like another class',
    '  s.jpg: box 0: cat, looks like dog',
    'missing: 3 places where a box is likely missing, of 11 boxes in 9 images',
    '  a.jpg: looks like cat at 0.10, 0.10, 0.50, 0.50',
    '  b.jpg: looks like cat at 0.10, 0.10, 0.50, 0.50',
    '  and 1 more',
    'misplaced: 1 boxes that are likely badly placed, of 11 boxes in 9 images',
    '  d.jpg: box 2: dog',
    'not judged, as the detector never finds them: bird',
    report.MAY_HAVE_SEEN,
    'Noted.',
  ]


def test_pictures_are_needed_of_the_first_of_each_kind():
  assert LabelReport(SWAPPED, FAULTS).shown(2) == {'s.jpg', 'a.jpg', 'b.jpg', 'd.jpg'}
