"""COCO files of a large folder, joined by workers: one reads a file as a stream, others join some of the image ids.

Only what some ids tell alone is joined here: nearly no file has two images of one id, or an annotation whose image it
does not list. Where one has, the folder is read as a whole, see coco_join.py.
"""

import dataclasses
import zlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from components.voc_example_gen import coco_boxes, coco_join, counting, json_stream, json_values, spelling
from components.voc_example_gen.annotation import Annotation, BoxRule, Object, sort_out
from components.voc_example_gen.formats import coco
from components.voc_example_gen.refusals import Reason, opened_annotation_file
from components.voc_example_gen.spread import exchange, item_rows, work_list
from components.voc_example_gen.spread.read_file import ReadFile
from components.voc_example_gen.spread.spread_entries import Entry, Named, part_of_name
from components.voc_example_gen.spread.spread_listing import PARTS
from components.voc_example_gen.spread.spread_parts import UnclearError

_RUN = 50_000  # rows that are held before they are written
_MOST_CATEGORIES = 100_000
_SMALL = 2**20  # bytes of a file that is read whole, to say what is wrong with it
_IMAGE, _ANNOTATION = 0, 1  # kinds of rows
_NO_ID = object()


class Read(NamedTuple):
  """What one COCO file is.

  Attributes:
    refused: why it is not used; None if it is.
    runs: exchange files with its rows, by image ids.
    rows: how many these are.
    categories: its section of that name.
    annotations: how many entries this section has.
    turned, corners: how many of these have a bbox of five numbers, or two corners as bbox.
    is_clear: whether it can be joined in parts; if not, nothing else counts.
  """

  refused: tuple[Reason, str] | None = None
  runs: tuple[str, ...] = ()
  rows: int = 0
  categories: Sequence[Any] = ()
  annotations: int = 0
  turned: int = 0
  corners: int = 0
  is_clear: bool = True


class ReadCoco(ReadFile):
  """Reads one COCO file."""

  result = Read

  def read(self) -> Read:
    rows = _Rows(self.output)
    with opened_annotation_file(self.root, self.path, coco.MAX_BYTES) as file:
      try:
        document = json_stream.scan(file, coco_boxes.without_needless, rows.take)
      except (ValueError, RecursionError) as error:
        file.seek(0)
        if len(file.read(_SMALL)) == _SMALL:
          raise UnclearError from error
        file.seek(0)
        coco.read(file)  # says what is wrong
        raise UnclearError from error
    if isinstance(document, dict):
      document |= {name: entries for name, entries in rows.samples.items() if isinstance(document.get(name), list)}
    coco.required(document)
    if rows.is_unclear or counting.is_off_by_one(coco_join.Categories(rows.categories).ids, rows.used):
      raise UnclearError
    rows.runs.flush()
    runs = tuple(rows.runs.paths)
    return Read(None, runs, rows.runs.count, rows.categories, rows.annotations, rows.turned, rows.corners)


class _Rows:
  """Turns the entries of a COCO file into rows.

  Attributes:
    runs: gets the rows.
    samples: {"annotations": as many of its entries as tell whether it has boxes}.
    categories, annotations, turned, corners: see Read.
    used: category ids of annotations.
    is_unclear: whether there is an entry that cannot be joined in parts.
  """

  def __init__(self, output: str) -> None:
    self.runs = exchange.Runs(output, _RUN)
    self.samples: dict[str, list[Any]] = {}
    self.categories: list[Any] = []
    self.annotations = self.turned = self.corners = 0
    self.used: set[Hashable] = set()
    self.is_unclear = False
    self._images = 0

  def take(self, section: str, entry: Any) -> None:
    """See json_stream.scan."""
    if section == 'images' and isinstance(entry, dict):
      size = json_values.size(entry.get('width')), json_values.size(entry.get('height'))
      self._add(entry.get('id'), (_IMAGE, self._images, coco_join.file_name(entry), *size))
      self._images += 1
    elif section == 'annotations':
      self._take_annotation(entry)
    elif section == 'categories':
      self.categories.append(entry)
      self.is_unclear |= len(self.categories) > _MOST_CATEGORIES

  def _take_annotation(self, entry: Any) -> None:
    self.annotations += 1
    if not isinstance(entry, dict):
      self.is_unclear = True  # an annotation without an image
      return
    sample = self.samples.setdefault('annotations', [])
    if not sample or (len(sample) == 1 and ('bbox' in entry or 'segmentation' in entry)):
      sample.append(entry)
    self.turned += coco_boxes.is_turned_bbox(entry)
    self.corners += coco_boxes.is_two_corners(entry)
    category = entry.get('category_id')
    used = coco_join.key(category)
    self.used.add(used if isinstance(used, int | float | str) else _NO_ID)
    self.is_unclear |= len(self.used) > _MOST_CATEGORIES
    thing = item_rows.of_thing(coco_boxes.object_of(entry, ''))
    self._add(entry.get('image_id'), (_ANNOTATION, category, thing))

  def _add(self, identity: Any, row: exchange.Row) -> None:
    known = coco_join.key(identity)
    if isinstance(known, float) and known.is_integer():
      known = int(known)
    if not isinstance(known, int | float | str):
      self.is_unclear = True
      return
    part = zlib.crc32(str(known).encode('utf-8', 'surrogatepass')) % PARTS
    self.runs.add(part, (known, *row))


class File(NamedTuple):
  """A COCO file that is joined: its place among all, and what of its Read is needed."""

  number: int
  runs: tuple[str, ...]
  categories: Sequence[Any]


@dataclasses.dataclass(frozen=True)
class Join:
  """Joins some ids of all COCO files.

  Attributes:
    files: a file with a list of Files.
    parts: numbers of the parts of ids.
    output: gets the entries, see spread_entries.Entry, by the names of images; and, with the ending .found, a Named.
  """

  files: str
  parts: tuple[int, ...]
  output: str

  def __call__(self) -> None:
    entries: dict[int, list[exchange.Row]] = defaultdict(list)
    try:
      found = [self._join(file, entries) for file in work_list.load(self.files)]
    except UnclearError:
      entries, found = {}, [Named(is_clear=False)]
    exchange.save(self.output, entries)
    work_list.save_at(f'{self.output}.found', tuple(found))

  def _join(self, file: File, entries: dict[int, list[exchange.Row]]) -> Named:
    categories = coco_join.Categories(file.categories)
    images = labelled = 0
    refused = []
    for image, name, size, found in _by_image(exchange.load(file.runs, self.parts)):
      if doubt := next(filter(None, (categories.doubt({'category_id': category}) for category, _ in found)), ''):
        refused.append((image, Reason.ANNOTATION_AMBIGUOUS, f'"{name[:200]}": {doubt}'))
        continue
      annotation = _annotation(name, size, found, categories)
      row = Entry(file.number, image, item_rows.of_annotation(annotation))
      entries[part_of_name(name)].append(tuple(row))
      images += 1
      labelled += bool(annotation.objects or annotation.dropped)
    return Named(file.number, images, labelled, tuple(refused), categories.unknown)


_Found = tuple[int, str, tuple[int | None, int | None], list[tuple[Any, item_rows.Thing]]]


def _by_image(rows: Iterable[exchange.Row]) -> Iterator[_Found]:
  """(place, file name, size, [(category id, box)]) of each image."""
  images: dict[Hashable, list[exchange.Row]] = defaultdict(list)
  things: dict[Hashable, list[tuple[Any, item_rows.Thing]]] = defaultdict(list)
  for identity, kind, *rest in rows:
    if kind == _IMAGE:
      images[identity].append(tuple(rest))
    else:
      things[identity].append((rest[0], rest[1]))
  if things.keys() - images.keys():
    raise UnclearError
  for identity, listed in images.items():
    if len({spelling.folded(name) for _, name, *_ in listed}) > 1:
      raise UnclearError
    first: dict[str, exchange.Row] = {}
    for image in listed:  # listed once an object
      first.setdefault(image[1], image)
    for place, name, width, height in first.values():
      yield place, name, (width, height), things.get(identity, [])


def _annotation(
  name: str,
  size: tuple[int | None, int | None],
  found: Sequence[tuple[Any, item_rows.Thing]],
  categories: coco_join.Categories,
) -> Annotation:
  objects, dropped = sort_out(_thing(category, thing, categories) for category, thing in found)
  return Annotation(objects, *size, filename=name, dropped=dropped)


def _thing(category: Any, thing: item_rows.Thing, categories: coco_join.Categories) -> Object | BoxRule:
  label = categories.label({'category_id': category})
  if not label:
    return BoxRule.UNNAMED
  return item_rows.to_thing(thing if isinstance(thing, str) else (label, *thing[1:]))
