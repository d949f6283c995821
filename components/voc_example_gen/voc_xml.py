"""Reads the elements of a Pascal VOC annotation: every box that any tool writes into one, or the rule that drops it."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element

from components.voc_example_gen.annotation import (
  Annotation,
  BoxRule,
  Corners,
  Object,
  clean_label,
  sort_out,
  to_corners,
  to_number,
  to_size,
)
from components.voc_example_gen.refusals import Reason, RefusedFileError

_SIDES = ('xmin', 'ymin', 'xmax', 'ymax')
_BOX, _TURNED_BOX = 'bndbox', 'robndbox'
_ROTATION, _ANGLES = 'rotation', frozenset({'angle', 'theta'})
# What a search does not enter: objects are searched for themselves, and the boxes of their parts are no objects.
_CLOSED = frozenset({'object', 'part'})


def to_annotation(root: Element) -> Annotation:
  """The annotation that <annotation> describes. Elements are found at any depth, and any of them may be repeated.

  Every box of every <object> becomes an object. The boxes of its <part> elements (VOC's person layout) do not.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION if `root` is another element; ANNOTATION_AMBIGUOUS if it gives two different
      file names, widths or heights: then it is of two images, and nothing says whose each box is.
  """
  if tag_of(root) != 'annotation':
    raise RefusedFileError(Reason.NOT_AN_ANNOTATION, f'expected the root <annotation>, received <{tag_of(root)[:50]}>')
  objects, dropped = sort_out(_results(root))
  annotations = [root, *_below(root, 'annotation')]
  sizes = [child for annotation in annotations for child in annotation if tag_of(child) == 'size']
  return Annotation(
    objects=objects,
    width=to_size(_only('width', sizes)),
    height=to_size(_only('height', sizes)),
    filename=_only('filename', annotations),
    path=next(_texts(root, 'path'), ''),
    dropped=dropped,
  )


def tag_of(element: Element) -> str:
  """An element's name in lower case, without its namespace."""
  return element.tag.rpartition('}')[2].lower()


def _results(root: Element) -> Iterator[Object | BoxRule]:
  """An object for each box, or the rule that drops it. A box that is in no <object> has no class."""
  for _ in _below(root, _BOX, _TURNED_BOX):
    yield BoxRule.UNNAMED
  waiting = [root]
  while waiting:
    for element in _below(waiting.pop(), 'object'):
      yield from _objects(element)
      waiting.append(element)  # others may be inside


def _objects(element: Element) -> Iterator[Object | BoxRule]:
  """What one <object> gives: an object for each of its boxes. Turned boxes go before upright ones beside them."""
  boxes = list(_below(element, _TURNED_BOX)) or list(_below(element, _BOX))
  if not boxes:
    yield BoxRule.MISSING if any(map(clean_label, _texts(element, 'name'))) else BoxRule.UNNAMED
  for box, label in zip(boxes, _labels(element, boxes), strict=True):
    if isinstance(label, BoxRule):
      yield label
      continue
    for corners, turned in _corners(element, box):
      if corners is None:
        yield BoxRule.MISSING
        continue
      yield Object(
        label,
        *corners,
        difficult=any(map(_flag, _texts(element, 'difficult'))),
        truncated=any(map(_flag, _texts(element, 'truncated'))),
        view=clean_label(next(_texts(element, 'pose'), '')),
        turned=turned,
      )


def _labels(element: Element, boxes: Sequence[Element]) -> Sequence[str | BoxRule]:
  """The class of each box of an <object>: its only name; of several names, the one beside the box.

  Names go with boxes if they take turns: name, box, name, box. In any other order nothing says which is whose.
  """
  names = [label for text in _texts(element, 'name') if (label := clean_label(text))]
  if len(set(names)) <= 1:
    return [names[0] if names else BoxRule.UNNAMED] * len(boxes)
  is_box = [child in boxes for child in element if child in boxes or tag_of(child) == 'name']
  take_turns = all(first != second for first, second in itertools.pairwise(is_box))
  pair_up = take_turns and len(names) == len(boxes) and len(is_box) == 2 * len(boxes)
  return names if pair_up else [BoxRule.SEVERAL_CLASSES] * len(boxes)


def _corners(element: Element, box: Element) -> Iterator[tuple[Corners | None, float | None]]:
  """(corners, angle) for each box that a box element holds; None for corners that are no numbers."""
  if tag_of(box) == _TURNED_BOX:
    yield _corners_from_centre(box)
    return
  turned = _turned(element, box)
  sides = [list(_texts(box, side)) for side in _SIDES]
  if len({len(side) for side in sides}) > 1 or not sides[0]:
    yield None, 0.0
    return
  for texts in zip(*sides, strict=True):
    yield to_corners(texts), turned


def _corners_from_centre(box: Element) -> tuple[Corners | None, float]:
  """A turned box as roLabelImg writes it: centre and sides, and the angle in radians (above a full turn: degrees)."""
  numbers = [to_number(next(_texts(box, name), '')) for name in ('cx', 'cy', 'w', 'h', 'angle')]
  x, y, width, height, angle = numbers
  if x is None or y is None or width is None or height is None or angle is None or width < 0 or height < 0:
    return None, 0.0
  corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
  return corners, angle if abs(angle) > 2 * math.pi else math.degrees(angle)


def _turned(element: Element, box: Element) -> float | None:
  """By how many degrees a box is turned about its centre; None if it is turned, but the unit of the angle is unknown.

  CVAT writes degrees: <attributes><attribute><name>rotation</name><value>90.0</value></attribute></attributes>.
  """
  pairs = [(tag_of(child), (child.text or '').strip()) for child in (*element, *box)]
  for attribute in _below(element, 'attribute'):
    pairs.append((next(_texts(attribute, 'name'), '').lower(), next(_texts(attribute, 'value'), '')))
  angles = {name: number for name, text in pairs if (number := to_number(text))}  # neither absent nor 0
  if _ROTATION in angles:
    return angles[_ROTATION]
  return None if _ANGLES & angles.keys() else 0.0


def _below(element: Element, *tags: str) -> Iterator[Element]:
  """The elements with one of these names below `element`, in their order; none inside another, an object or a part."""
  waiting = list(element)[::-1]
  while waiting:
    child = waiting.pop()
    tag = tag_of(child)
    if tag in tags:
      yield child
    elif len(child) and tag not in _CLOSED:
      waiting += list(child)[::-1]


def _texts(element: Element, tag: str) -> Iterator[str]:
  """The texts of the element's own children of this name, except empty ones."""
  for child in element:
    if tag_of(child) == tag and (text := (child.text or '').strip()):
      yield text


def _only(tag: str, elements: Iterable[Element]) -> str:
  """The one text that children of this name have; '' without any."""
  texts = list(dict.fromkeys(text for element in elements for text in _texts(element, tag)))
  if len(texts) > 1:
    shown = ' and '.join(f'"{text[:100]}"' for text in texts[:2])
    raise RefusedFileError(Reason.ANNOTATION_AMBIGUOUS, f'gives several <{tag}>: {shown}')
  return texts[0] if texts else ''


def _flag(text: str) -> bool:
  return text.lower() in ('1', '1.0', 'true', 'yes')
