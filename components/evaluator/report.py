"""report.html: the evaluation as a page for people, self-contained."""

import pathlib
from collections.abc import Callable, Collection, Mapping

from components.evaluator import charts, evaluation, gallery
from components.evaluator.evaluation import Evaluation
from components.evaluator.result import Background, EvaluationResult
from detection.report import learning_curve
from detection.report import page as pages

Fetch = Callable[[Collection[str]], Mapping[str, bytes]]
Gallery = tuple[str, str, list[tuple[gallery.Picture, str]]]


def page(result: EvaluationResult, fetch: Fetch = lambda names: {}) -> str:
  """Renders the page.

  Args:
    result: what the page shows.
    fetch: gives {name: encoded image} for names of images; those that it does not give are left out.
  """
  model, baseline = result.model, result.baseline
  return pages.render(
    pathlib.Path(__file__).with_name('report.html'),
    title='Evaluation: ' + ('blessed' if result.verdict.blessed else 'not blessed'),
    verdict=result.verdict,
    background=result.background,
    model=model,
    baseline=baseline,
    exports=result.exports,
    intervals=model.intervals() if model else None,
    difference=model.difference(baseline) if model and baseline else None,
    charts=_charts(model, baseline, result.background) if model else [],
    galleries=_galleries(model, fetch) if model else [],
  )


def _charts(model: Evaluation, baseline: Evaluation | None, background: Background) -> list[tuple[str, str]]:
  """[(caption, data URI)] in the order of the page."""
  drawn = [
    (
      'Precision at each recall, made to fall as COCO does; the area under a line is its AP50.',
      charts.precision_recall(model),
    ),
    (
      'Choose the confidence where F1 is highest, or where precision or recall suits your use.',
      charts.confidence(model),
    ),
    ('Rows: what is labelled. Columns: what was detected. The diagonal is right.', charts.confusion(model)),
    ("COCO's sizes, by area in pixels of the original image.", charts.by_size(model, baseline)),
    (
      'Background: nothing there. Localisation: its object, badly placed. Confusion: another class. Duplicate: taken.',
      charts.false_positives(model),
    ),
    ("At each class's best confidence.", charts.misses(model)),
    (
      'Few objects in training explain many a low AP; few in evaluation, a wide interval.',
      charts.class_balance(model, background.train_objects),
    ),
  ]
  if background.history:
    drawn.insert(0, (f'Measured while training {background.trained}.', learning_curve.draw(background.history)))
  return [(caption, pages.figure_uri(figure)) for caption, figure in drawn]


def _galleries(model: Evaluation, fetch: Fetch) -> list[Gallery]:
  """[(title, caption, pictures with their data URIs)]; a gallery without pictures is left out."""
  chosen = {
    'Worst images': ('Most objects missed and false detections.', gallery.worst(model, evaluation.PICTURES)),
    'Best images': ('Most objects found, without a mistake.', gallery.best(model, evaluation.PICTURES)),
  }
  encoded = fetch([name for _, names in chosen.values() for name in names])
  galleries = []
  for title, (caption, names) in chosen.items():
    pictures = gallery.draw(model, names, encoded)
    if pictures:
      galleries.append((title, caption, [(picture, pages.image_uri(picture.image)) for picture in pictures]))
  return galleries
