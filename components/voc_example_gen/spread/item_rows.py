"""Items as rows of exchange files, which hold plain values only: a worker hands on the boxes it has read."""

from collections.abc import Sequence
from typing import Any

from components.voc_example_gen.annotation import Annotation, BoxRule, Object
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.spread import exchange

Thing = exchange.Row | str  # an Object, or the name of a BoxRule


def of_item(item: Item) -> exchange.Row:
  annotation = None if item.annotation is None else of_annotation(item.annotation)
  return item.image, item.data_format, item.annotation_file, annotation, item.split_hint


def to_item(row: Sequence[Any]) -> Item:
  image, data_format, annotation_file, annotation, split_hint = row
  return Item(
    image, data_format, annotation_file, None if annotation is None else to_annotation(annotation), split_hint
  )


def without_annotation(row: Sequence[Any]) -> Item:
  """The item as far as a split method looks at it."""
  image, data_format, annotation_file, _, split_hint = row
  return Item(image, data_format, annotation_file, split_hint=split_hint)


def of_annotation(annotation: Annotation) -> exchange.Row:
  return (
    tuple(map(of_thing, annotation.objects)),
    annotation.width,
    annotation.height,
    annotation.filename,
    annotation.path,
    annotation.relative,
    tuple(rule.name for rule in annotation.dropped),
  )


def to_annotation(row: exchange.Row) -> Annotation:
  objects, width, height, filename, path, relative, dropped = row
  rules = tuple(BoxRule[name] for name in dropped)
  return Annotation(tuple(Object(*one) for one in objects), width, height, filename, path, relative, rules)


def of_thing(thing: Object | BoxRule) -> Thing:
  if isinstance(thing, BoxRule):
    return thing.name
  corners = thing.xmin, thing.ymin, thing.xmax, thing.ymax
  return thing.label, *corners, thing.difficult, thing.truncated, thing.view, thing.turned


def to_thing(thing: Thing) -> Object | BoxRule:
  return BoxRule[thing] if isinstance(thing, str) else Object(*thing)
