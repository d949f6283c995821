"""Reads the elements of a Pascal VOC annotation: every box that any tool writes into one, or the rule that drops it."""

import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element

from components.voc_example_gen import rotation
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
_ANGLES = frozenset({rotation.ROTATION, *rotation.ANGLES})
# What is searched for at any depth. A search does not enter one of these, a part, whose boxes are no objects, or an
# element that only describes the image.
_SEARCHED = frozenset({'annotation', 'object', 'attribute', _BOX, _TURNED_BOX})
_CLOSED = _SEARCHED | {'part', 'size', 'source', 'owner'}
# What an <annotation> and an <object> have as nearly all tools write them.
_TEXTS = ('folder', 'filename', 'path', 'segmented')
_USUAL_PARTS = frozenset({*_TEXTS, 'source', 'owner', 'size', 'object'})
_USUAL_OF_OBJECT = frozenset({'name', 'pose', 'truncated', 'difficult', 'occluded', _BOX})

Children = dict[str, list[Element]]  # by their names, as `tag_of` gives them


def to_annotation(root: Element) -> Annotation:
  """The annotation that <annotation> describes. Elements are found at any depth, and any of them may be repeated.

  Every box of every <object> becomes an object. The boxes of its <part> elements (VOC's person layout) do not.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION if `root` is another element; ANNOTATION_AMBIGUOUS if it gives two different
      file names, widths or heights: then it is of two images, and nothing says whose each box is.
  """
  if tag_of(root) != 'annotation':
    raise RefusedFileError(Reason.NOT_AN_ANNOTATION, f'expected the root <annotation>, received <{tag_of(root)[:50]}>')
  if usual := _usual_annotation(root):
    return usual
  annotations: list[Children] = []
  results: list[Object | BoxRule] = []
  waiting = [root]
  while waiting:
    element = waiting.pop()
    children = _children(element)
    annotations.append(children)
    below = _below(element, children)
    strays = (*below.get(_BOX, ()), *below.get(_TURNED_BOX, ()))  # in no <object>
    results += [BoxRule.UNNAMED] * len(strays)
    results += [result for element in below.get('object', ()) for result in _all_objects(element)]
    waiting += below.get('annotation', ())
  objects, dropped = sort_out(results)
  sizes = [_children(size) for children in annotations for size in children.get('size', ())]
  return Annotation(
    objects=objects,
    width=to_size(_only('width', sizes)),
    height=to_size(_only('height', sizes)),
    filename=_only('filename', annotations),
    path=next(iter(_texts(annotations[0], 'path')), ''),
    dropped=dropped,
  )


def _usual_annotation(root: Element) -> Annotation | None:
  """What an <annotation> gives in which nothing is unusual; None for any other.

  Nearly all are like this, and read in half of the time that a search at any depth takes.
  """
  parts, elements = {child.tag: child for child in root}, root.findall('object')
  repeated = len(root) - len(parts)
  if not parts.keys() <= _USUAL_PARTS or repeated != max(len(elements) - 1, 0):
    return None
  size, texts = parts.get('size', ()), {tag: parts[tag].text or '' for tag in _TEXTS if tag in parts}
  sides = {side.tag: side.text for side in size}
  objects = tuple(filter(None, map(_usual_object, elements)))
  if len(sides) != len(size) or len(objects) != len(elements) or any(map(len, map(parts.__getitem__, texts))):
    return None
  width, height = to_size(sides.get('width')), to_size(sides.get('height'))
  return Annotation(objects, width, height, texts.get('filename', '').strip(), texts.get('path', '').strip())


def tag_of(element: Element) -> str:
  """An element's name in lower case, without its namespace."""
  return _plain(element.tag)


@functools.lru_cache(maxsize=1000)  # every file has the same few names
def _plain(tag: str) -> str:
  return tag.rpartition('}')[2].lower()


def _children(element: Element) -> Children:
  found: Children = {}
  for child in element:
    found.setdefault(_plain(child.tag), []).append(child)
  return found


def _below(element: Element, children: Children) -> Children:
  """The elements of _SEARCHED at any depth, in their order, but none inside another or inside a part."""
  if all(tag in _CLOSED or not any(map(len, same)) for tag, same in children.items()):
    return children  # nothing is deeper
  found: Children = {}
  waiting = list(element)[::-1]
  while waiting:
    child = waiting.pop()
    tag = _plain(child.tag)
    if tag in _SEARCHED:
      found.setdefault(tag, []).append(child)
    elif len(child) and tag not in _CLOSED:
      waiting += list(child)[::-1]
  return found


def _all_objects(element: Element) -> Iterator[Object | BoxRule]:
  """An object for each box of an <object> and of those inside it; or the rule that drops it."""
  waiting = [element]
  while waiting:
    parent = waiting.pop()
    children = _children(parent)
    below = _below(parent, children)
    yield from _objects(parent, children, below)
    waiting += below.get('object', ())[::-1]


def usual_object(texts: Mapping[str, str], sides: Mapping[str, str | None]) -> Object | None:
  """What an <object> gives that has one name, one box of four numbers, and nothing unusual.

  Args:
    texts: {name: text} of its elements, each of which it has once.
    sides: the same of its box.

  Returns:
    None if the name or a number is missing.
  """
  label, corners = clean_label(texts.get('name')), to_corners(map(sides.get, _SIDES))
  if not label or corners is None:
    return None
  difficult, truncated = _flag(texts.get('difficult', '')), _flag(texts.get('truncated', ''))
  return Object(label, *corners, difficult, truncated, clean_label(texts.get('pose')))


def _usual_object(element: Element) -> Object | None:
  """What an <object> gives in which nothing is unusual; None for any other."""
  box = element.find(_BOX)
  texts = {child.tag: child.text or '' for child in element}
  if box is None or not texts.keys() <= _USUAL_OF_OBJECT:
    return None
  if len(texts) != len(element) or sum(map(len, element)) != len(box):  # something is repeated, or deeper
    return None
  sides = {side.tag: side.text for side in box}
  return usual_object(texts, sides) if len(box) == len(sides) == len(_SIDES) else None


def _objects(element: Element, children: Children, below: Children) -> Iterator[Object | BoxRule]:
  """What one <object> gives by itself. Turned boxes go before upright ones beside them.

  Args:
    element: the <object>.
    children, below: of it, by `_children` and `_below`.
  """
  if any(map(_flag, _texts(children, 'deleted'))):  # LabelMe keeps what was deleted
    return
  boxes = below.get(_TURNED_BOX) or below.get(_BOX) or []
  if not boxes:
    yield BoxRule.MISSING if any(map(clean_label, _texts(children, 'name'))) else BoxRule.UNNAMED
    return
  difficult, truncated = (any(map(_flag, _texts(children, name))) for name in ('difficult', 'truncated'))
  view = clean_label(next(iter(_texts(children, 'pose')), ''))
  for box, label in zip(boxes, _labels(element, children, boxes), strict=True):
    if isinstance(label, BoxRule):
      yield label
      continue
    inside = _children(box)
    for corners, turned in _corners(inside, _turned(children, inside, below.get('attribute', ()))):
      yield BoxRule.MISSING if corners is None else Object(label, *corners, difficult, truncated, view, turned)


def _labels(element: Element, children: Children, boxes: Sequence[Element]) -> Sequence[str | BoxRule]:
  """The class of each box of an <object>: its only name; of several names, the one beside the box.

  Names go with boxes if they take turns: name, box, name, box. In any other order nothing says which is whose.
  """
  names = [label for text in _texts(children, 'name') if (label := clean_label(text))]
  if len(set(names)) <= 1:
    return [names[0] if names else BoxRule.UNNAMED] * len(boxes)
  is_box = [child in boxes for child in element if child in boxes or tag_of(child) == 'name']
  take_turns = all(first != second for first, second in itertools.pairwise(is_box))
  pair_up = take_turns and len(names) == len(boxes) and len(is_box) == 2 * len(boxes)
  return names if pair_up else [BoxRule.SEVERAL_CLASSES] * len(boxes)


def _corners(box: Children, turned: float | None) -> list[tuple[Corners | None, float | None]]:
  """(corners, angle) of each box that a box element holds; None for corners that are no numbers.

  turned: the angle that is given beside an upright box.
  """
  if 'cx' in box:
    return [_corners_from_centre(box)]
  sides = [_texts(box, side) for side in _SIDES]
  if len({len(side) for side in sides}) > 1 or not sides[0]:
    return [(None, turned)]
  return [(to_corners(texts), turned) for texts in zip(*sides, strict=True)]


def _corners_from_centre(box: Children) -> tuple[Corners | None, float]:
  """A turned box as roLabelImg writes it: centre and sides, and the angle in radians (above a full turn: degrees)."""
  numbers = [to_number(next(iter(_texts(box, name)), '')) for name in ('cx', 'cy', 'w', 'h', 'angle')]
  x, y, width, height, angle = numbers
  if x is None or y is None or width is None or height is None or angle is None or width < 0 or height < 0:
    return None, 0.0
  corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
  return corners, angle if abs(angle) > 2 * math.pi else math.degrees(angle)


def _turned(children: Children, box: Children, attributes: Sequence[Element]) -> float | None:
  """By how many degrees a box is turned about its centre; None if it is turned, but the unit of the angle is unknown.

  CVAT writes degrees: <attributes><attribute><name>rotation</name><value>90.0</value></attribute></attributes>.

  Args:
    children, box: the elements of the <object>, and of the box.
    attributes: its <attribute> elements, each with a <name> and a <value>.
  """
  if not attributes and children.keys().isdisjoint(_ANGLES) and box.keys().isdisjoint(_ANGLES):
    return 0.0
  texts = {name: text for where in (children, box) for name in _ANGLES for text in _texts(where, name)}
  for attribute in map(_children, attributes):
    texts |= {name.lower(): text for name in _texts(attribute, 'name') for text in _texts(attribute, 'value')}
  return rotation.degrees(texts)


def _texts(children: Children, tag: str) -> list[str]:
  """The texts of the children of this name, except empty ones."""
  if tag not in children:
    return []
  return [text for child in children[tag] if (text := (child.text or '').strip())]


def _only(tag: str, parents: Iterable[Children]) -> str:
  """The one text that children of this name have; '' without any."""
  texts = list(dict.fromkeys(text for children in parents for text in _texts(children, tag)))
  if len(texts) > 1:
    shown = ' and '.join(f'"{text[:100]}"' for text in texts[:2])
    raise RefusedFileError(Reason.ANNOTATION_AMBIGUOUS, f'gives several <{tag}>: {shown}')
  return texts[0] if texts else ''


def _flag(text: str) -> bool:
  return text.strip().lower() in ('1', '1.0', 'true', 'yes')
