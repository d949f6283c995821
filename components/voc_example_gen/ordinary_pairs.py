"""The ordinary case of pairing: every annotation has the only image of its stem, in a fitting folder.

It takes little memory. What a search keeps of the names of a million files takes a gigabyte; here each costs 8 bytes.
"""

from collections.abc import Sequence

import numpy as np

from components.voc_example_gen import agreement, spelling


def find(annotations: Sequence[str], images: Sequence[str]) -> dict[str, str] | None:
  """{annotation path: image path}, if all annotations are paired so; else None: then a search decides.

  Args:
    annotations, images: paths below the data folder.
  """
  own_values, own_places = _stems_that_are_once(annotations)
  if len(own_values) < len(annotations):
    return None
  values, places = _stems_that_are_once(images)
  at = np.searchsorted(values, own_values)
  if not len(values) or not np.array_equal(values[np.minimum(at, len(values) - 1)], own_values):
    return None
  image_of = np.empty(len(annotations), np.int64)
  image_of[own_places] = places[at]
  pairs = {path: images[place] for path, place in zip(annotations, image_of.tolist(), strict=True)}
  return pairs if all(_fit(path, image) for path, image in pairs.items()) else None


def _stems_that_are_once(paths: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
  """Hashes of the stems that no other of these paths has, sorted; and the places of their paths.

  Where two stems have one hash, both count as being there twice.
  """
  hashes = np.fromiter((hash(spelling.stem(path)) for path in paths), np.int64, len(paths))
  values, places, counts = np.unique(hashes, return_index=True, return_counts=True)
  return values[counts == 1], places[counts == 1]


def _fit(annotation: str, image: str) -> bool:
  folders = annotation.rpartition('/')[0], image.rpartition('/')[0]
  return agreement.agree_surely(*folders) and spelling.stem(annotation) == spelling.stem(image)
