"""Outcomes as rows, and with the splits that are settled."""

from components.voc_example_gen import outcomes
from components.voc_example_gen.ingest import Outcome
from components.voc_example_gen.settle import Row, Settled


def test_an_outcome_is_a_row_whether_it_is_used_or_not():
  found = [Outcome('a.jpg', 'train', digest='d', classes=['cat']), Outcome('b.jpg', 'eval', reason='image_corrupt')]
  assert list(outcomes.rows(found)) == [Row('a.jpg', 'train', 'd', ['cat']), Row('b.jpg', 'eval', '', [])]


def test_images_move_leave_or_stay():
  found = [Outcome('a.jpg', 'train'), Outcome('b.jpg', 'train'), Outcome('c.jpg', 'train')]
  settled = Settled({'a.jpg': 'eval', 'b.jpg': ''}, ('train', 'eval'))
  assert [(one.image, one.split) for one in outcomes.settled(found, settled)] == [('a.jpg', 'eval'), ('c.jpg', 'train')]
