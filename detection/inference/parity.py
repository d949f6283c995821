"""Whether two models find the same: a server and the model here, or an exported file and its SavedModel."""

import numpy as np

from detection.base.errors import DataError
from detection.detections import Detections

# Other CPUs, GPUs and runtimes round otherwise; a box that moves by a thousandth of the image is the same box.
TOLERANCE = 1e-3


def difference(name: str, found: dict[str, Detections], min_score: float, hint: str) -> float:
  """Compares what two models found in one image.

  Args:
    name: of the image.
    found: {name of the model: what it found}, of two models.
    min_score: detections below it are not compared, in [0, 1]. Those within TOLERANCE of it may be missing on one side.
    hint: what may be the matter, the end of the message.

  Returns:
    The largest difference between the matching boxes, in fractions of the image, or scores.

  Raises:
    DataError: if a detection of one model has no match in the other's: same class, and score and sides of the box
      within TOLERANCE.
  """
  (first, here), (second, there) = found.items()
  largest = 0.0
  for who, mine, others in ((first, here, there), (second, there, here)):
    for index in np.flatnonzero(mine.scores >= min_score + TOLERANCE):
      alike = others.classes == mine.classes[index]
      gaps = np.maximum(
        np.abs(others.boxes[alike] - mine.boxes[index]).max(axis=1, initial=0),
        np.abs(others.scores[alike] - mine.scores[index]),
      )
      gap = float(gaps.min(initial=np.inf))
      if not gap <= TOLERANCE:
        what = f'{mine.names[index]} {mine.scores[index]:.3f} at {mine.boxes[index].round(3).tolist()}'
        raise DataError(f'{name}: {who} finds {what}, the other does not. {hint}')
      largest = max(largest, gap)
  return largest
