"""The images with the best and the worst results, with labelled and detected boxes drawn in."""

import dataclasses
import io
from collections.abc import Collection, Mapping

import numpy as np
import PIL.Image

from components.evaluator.evaluation import Evaluation
from detection.metrics.mistakes import CAUSES
from detection.metrics.operating import kept
from detection.report import drawing, palette


@dataclasses.dataclass(frozen=True)
class Picture:
  """One image with boxes: its name, the text below it, and the picture."""

  name: str
  caption: str
  image: PIL.Image.Image


def worst(evaluation: Evaluation, most: int) -> list[str]:
  """Names of at most `most` images with the most mistakes: false detections and missed objects."""
  mistakes = evaluation.mistakes.false_by_image + evaluation.mistakes.missed_by_image
  order = np.argsort(-mistakes, kind='stable')[:most]
  return [str(evaluation.results.names[index]) for index in order if mistakes[index]]


def best(evaluation: Evaluation, most: int) -> list[str]:
  """Names of at most `most` images with the most objects found, and without any mistake."""
  mistakes = evaluation.mistakes
  clean = (mistakes.false_by_image + mistakes.missed_by_image == 0) & (mistakes.hits_by_image > 0)
  order = np.argsort(-np.where(clean, mistakes.hits_by_image, 0), kind='stable')[:most]
  return [str(evaluation.results.names[index]) for index in order if clean[index]]


def draw(evaluation: Evaluation, names: Collection[str], encoded: Mapping[str, bytes]) -> list[Picture]:
  """Draws the images with these names. encoded: {name: JPEG or PNG bytes}; an image that is not in it is left out."""
  use = kept(evaluation.results, {row.id: row.best.score for row in evaluation.classes})
  index = {name: place for place, name in enumerate(evaluation.results.names.tolist())}
  return [_draw(evaluation, name, index[name], encoded[name], use) for name in names if name in encoded]


def _draw(evaluation: Evaluation, name: str, index: int, encoded: bytes, use: np.ndarray) -> Picture:
  results, mistakes = evaluation.results, evaluation.mistakes
  class_names = {row.id: row.name for row in evaluation.classes}
  counts = results.object_counted[:, 0]
  boxes, captions, colours = [], [], []
  for row in np.flatnonzero((results.image == index) & use):
    cause = mistakes.cause[row]
    text = f'{class_names[int(results.classes[row])]} {results.scores[row]:.0%}'
    boxes.append(results.boxes[row])
    captions.append(text if cause < 0 else f'{text}, {CAUSES[cause]}')
    colours.append(palette.HIT_BOX if cause < 0 else palette.FALSE_BOX)
  for row in np.flatnonzero(results.object_image == index):
    missed = counts[row] and not mistakes.object_found[row]
    boxes.append(results.object_box[row])
    captions.append(f'missed {class_names[int(results.object_class[row])]}' if missed else '')
    colours.append(palette.MISSED_BOX if missed else palette.LABELLED_BOX)
  with PIL.Image.open(io.BytesIO(encoded)) as image:
    drawn = drawing.draw_boxes(image, np.array(boxes).reshape(-1, 4), captions, colours)
  found, false, missed = mistakes.hits_by_image[index], mistakes.false_by_image[index], mistakes.missed_by_image[index]
  return Picture(name, f'{found} found, {missed} missed, {false} false', drawn)
