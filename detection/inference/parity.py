"""Do two models find the same? For a server against the model here, and for an exported file against its SavedModel."""

import numpy as np

from detection.base.errors import DataError
from detection.detections import Detections

# Other CPUs, GPUs and runtimes round otherwise; a box that moves by a thousandth of the image is the same box.
TOLERANCE = 1e-3


def difference(name: str, found: dict[str, Detections], min_score: float, hint: str) -> float:
  """The largest difference of a box or score; every detection of `min_score` or more must be found on the other side.

  Args:
    name: of the image.
    found: {who: what it found}, of two.
    min_score: in [0, 1]. What lies as near it as rounding goes may be on one side alone.
    hint: what may be the matter, the end of the message.

  Raises:
    DataError: if one is not found on the other side, within TOLERANCE.
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
