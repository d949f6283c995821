"""report.html: the evaluation as a page for people, self-contained."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence

from components.evaluator import charts, gallery, verdict
from components.evaluator.evaluation import Evaluation
from components.evaluator.exports import Exported
from detection.report import learning_curve
from detection.report import page as pages

PICTURES = 6  # best ones, and worst ones


@dataclasses.dataclass(frozen=True)
class Background:
  """What the page tells beside the scores.

  sources: {name: URI} of model and baseline. facts: {name: text} of the model card. history: the trainer's evaluations,
  a row each; trained: what they are of. train_objects: {class: objects in the training split}, empty if not counted.
  """

  sources: Mapping[str, str] = dataclasses.field(default_factory=dict)
  facts: Mapping[str, str] = dataclasses.field(default_factory=dict)
  history: Sequence[Mapping[str, float]] = ()
  trained: str = 'the model'
  train_objects: Mapping[str, int] = dataclasses.field(default_factory=dict)


def page(
  judged: verdict.Verdict,
  background: Background,
  measured: Evaluation | None = None,
  before: Evaluation | None = None,
  fetch: Callable[[Sequence[str]], Mapping[str, bytes]] = lambda names: {},
  exported: Sequence[Exported] = (),
) -> str:
  """Renders the page.

  Args:
    judged: the verdict.
    background: everything else that is told.
    measured: the model's scores; None if it could not be run.
    before: the baseline's, or None.
    fetch: gives {name: encoded image} for names of images; those that it does not give are left out.
    exported: the model in its several forms, if there are several.
  """
  context = {
    'title': 'Evaluation: ' + ('blessed' if judged.blessed else 'not blessed'),
    'judged': judged,
    'background': background,
    'measured': measured,
    'before': before,
    'charts': [],
    'galleries': [],
    'difference': measured.difference(before) if measured and before else None,
    'exported': exported,
    'intervals': measured.intervals() if measured else None,
  }
  if measured:
    context['charts'] = _charts(measured, before, background)
    context['galleries'] = _galleries(measured, fetch)
  return pages.render(pathlib.Path(__file__).with_name('report.html'), **context)


def _charts(measured: Evaluation, before: Evaluation | None, background: Background) -> list[tuple[str, str]]:
  """(what it says, data URI) in the order of the page."""
  made = [
    (
      'Precision at each recall, made to fall as COCO does; the area under a line is its AP50.',
      charts.precision_recall(measured),
    ),
    (
      'Choose the confidence where F1 is highest, or where precision or recall suits your use.',
      charts.confidence(measured),
    ),
    ('Rows: what is labelled. Columns: what was detected. The diagonal is right.', charts.confusion(measured)),
    ("COCO's sizes, by area in pixels of the original image.", charts.by_size(measured, before)),
    (
      'Background: nothing there. Localisation: its object, badly placed. Confusion: another class. Duplicate: taken.',
      charts.false_positives(measured),
    ),
    ("At each class's best confidence.", charts.misses(measured)),
    (
      'Few objects in training explain many a low AP; few in evaluation, a wide interval.',
      charts.class_balance(measured, background.train_objects),
    ),
  ]
  if background.history:
    made.insert(0, (f'Measured while training {background.trained}.', learning_curve.draw(background.history)))
  return [(text, pages.figure_uri(figure)) for text, figure in made]


def _galleries(measured: Evaluation, fetch: Callable) -> list[tuple[str, str, list[tuple[gallery.Picture, str]]]]:
  """(title, what it says, pictures with their data URIs), those without pictures left out."""
  chosen = {
    'Worst images': ('Most objects missed and false detections.', gallery.worst(measured, PICTURES)),
    'Best images': ('Most objects found, without a mistake.', gallery.best(measured, PICTURES)),
  }
  encoded = fetch([name for _, names in chosen.values() for name in names])
  made = []
  for title, (text, names) in chosen.items():
    pictures = gallery.draw(measured, names, encoded)
    if pictures:
      made.append((title, text, [(picture, pages.image_uri(picture.image)) for picture in pictures]))
  return made
