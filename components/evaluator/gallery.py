"""The images with the best and the worst results, with labelled and detected boxes drawn in."""

import dataclasses
import io
from collections.abc import Collection, Mapping

import numpy as np
import PIL.Image

from components.evaluator.evaluation import Evaluation
from detection.metrics import mistakes
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
  return evaluation.shown.names[mistakes.worst(evaluation.mistakes, most)].tolist()


def best(evaluation: Evaluation, most: int) -> list[str]:
  """Names of at most `most` images with the most objects found, and without any mistake."""
  return evaluation.shown.names[mistakes.best(evaluation.mistakes, most)].tolist()


def draw(evaluation: Evaluation, names: Collection[str], encoded: Mapping[str, bytes]) -> list[Picture]:
  """Draws the images with these names. encoded: {name: JPEG or PNG bytes}; an image that is not in it is left out."""
  use = kept(evaluation.shown, {row.id: row.best.score for row in evaluation.classes})
  index = {name: place for place, name in enumerate(evaluation.shown.names.tolist())}
  return [_draw(evaluation, name, index[name], encoded[name], use) for name in names if name in encoded]


def _draw(evaluation: Evaluation, name: str, index: int, encoded: bytes, use: np.ndarray) -> Picture:
  results, found_out = evaluation.shown, evaluation.mistakes
  class_names = {row.id: row.name for row in evaluation.classes}
  counts = results.object_counted[:, 0]
  boxes, captions, colours = [], [], []
  for row in np.flatnonzero((results.image == index) & use):
    cause = found_out.cause[row]
    text = f'{class_names[int(results.classes[row])]} {results.scores[row]:.0%}'
    boxes.append(results.boxes[row])
    captions.append(text if cause < 0 else f'{text}, {CAUSES[cause]}')
    colours.append(palette.HIT_BOX if cause < 0 else palette.FALSE_BOX)
  for row in np.flatnonzero(results.object_image == index):
    missed = counts[row] and not found_out.object_found[row]
    boxes.append(results.object_box[row])
    captions.append(f'missed {class_names[int(results.object_class[row])]}' if missed else '')
    colours.append(palette.MISSED_BOX if missed else palette.LABELLED_BOX)
  with PIL.Image.open(io.BytesIO(encoded)) as image:
    drawn = drawing.draw_boxes(image, np.array(boxes).reshape(-1, 4), captions, colours)
  found, missed, false = (
    counts[index] for counts in (found_out.hits_by_image, found_out.missed_by_image, found_out.false_by_image)
  )
  return Picture(name, f'{found} found, {missed} missed, {false} false', drawn)
