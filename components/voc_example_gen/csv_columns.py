"""Tells which columns of a table hold the file, the class and the box, by the names that exporters give them."""

import dataclasses
import enum
import posixpath
import re
from collections.abc import Iterable, Sequence

from components.voc_example_gen import listing, rotation
from components.voc_example_gen.annotation import to_number
from components.voc_example_gen.refusals import Reason, RefusedFileError

ONE_CLASS = 'object'  # the class of all objects in a table that has no column for it
_EXPECTED = 'filename,width,height,class,xmin,ymin,xmax,ymax'
# Names without case, spaces and underscores. Of several groups the first counts that is there.
_FILE = (
  frozenset({'filename', 'imagename', 'imagefilename', 'imgname', 'imgfilename', 'imagefile'}),
  frozenset({'filepath', 'imagepath', 'imgpath', 'path'}),
  frozenset({'image', 'img', 'file', 'frame'}),
  frozenset({'imageid', 'imgid'}),
)
_CLASS = (
  frozenset({'classname', 'labelname', 'categoryname', 'objectname'}),
  frozenset({'class', 'label', 'category'}),
  frozenset({'object', 'objectclass', 'tag', 'name', 'cls'}),
  frozenset({'classid', 'labelid', 'categoryid'}),
)
_IMAGE_SIZE = (('imagewidth', 'imageheight'), ('imgwidth', 'imgheight'), ('width', 'height'))
_ANGLES = tuple(name.replace('_', '') for name in (rotation.ROTATION, *rotation.ANGLES))
_NO_CLASS = frozenset(
  {'', 'id', 'index', 'unnamed0', 'source', 'area', 'width', 'height'}
)  # may stand beside ONE_CLASS


class Form(enum.Enum):
  """What the numbers of a box are. The value says it in a sentence."""

  CORNERS = 'the corners xmin, ymin, xmax, ymax'
  SIZED = 'left, top, width, height'
  CENTRED = 'the centre x, y, then width, height'


_BOXES = (
  (Form.CORNERS, ('xmin', 'ymin', 'xmax', 'ymax')),
  (Form.CORNERS, ('x1', 'y1', 'x2', 'y2')),
  (Form.CORNERS, ('x0', 'y0', 'x1', 'y1')),
  (Form.CORNERS, ('left', 'top', 'right', 'bottom')),
  (Form.CORNERS, ('xtl', 'ytl', 'xbr', 'ybr')),
  (Form.CORNERS, ('startx', 'starty', 'endx', 'endy')),
  (Form.CORNERS, ('bboxxmin', 'bboxymin', 'bboxxmax', 'bboxymax')),
  (Form.CORNERS, ('bboxx1', 'bboxy1', 'bboxx2', 'bboxy2')),
  (Form.SIZED, ('bboxx', 'bboxy', 'bboxwidth', 'bboxheight')),
  (Form.SIZED, ('bboxx', 'bboxy', 'bboxw', 'bboxh')),
  (Form.SIZED, ('left', 'top', 'width', 'height')),
  (Form.SIZED, ('xmin', 'ymin', 'w', 'h')),
  (Form.SIZED, ('xmin', 'ymin', 'width', 'height')),
  (Form.CENTRED, ('xcenter', 'ycenter', 'w', 'h')),
  (Form.CENTRED, ('xcenter', 'ycenter', 'width', 'height')),
  (Form.CENTRED, ('xcentre', 'ycentre', 'width', 'height')),
  (Form.CENTRED, ('cx', 'cy', 'w', 'h')),
  (Form.SIZED, ('x', 'y', 'w', 'h')),
  (Form.SIZED, ('x', 'y', 'width', 'height')),
)
_FAR_CORNERS = frozenset({'xmax', 'ymax', 'x2', 'y2', 'x3', 'y3', 'right', 'bottom'})
_CELLS = frozenset({'bbox', 'boundingbox', 'bndbox', 'box'})  # all four numbers in one cell, as Kaggle writes them


@dataclasses.dataclass(frozen=True)
class Columns:
  """Places of columns, counted from 0; None for a column that is not there.

  Attributes:
    file: what the image is called.
    label: the class.
    box: four columns; or one, with all four numbers.
    form: what these numbers are.
    width, height: of the image.
    difficult, truncated: flags.
    turned: an angle by which the box is turned.
    count: how many columns there are.
    names: what the table calls the columns of the box; '' without a header.
    is_certain: whether these names say what `form` is, not only convention.
  """

  file: int
  label: int | None
  box: tuple[int, ...]
  form: Form
  width: int | None = None
  height: int | None = None
  difficult: int | None = None
  truncated: int | None = None
  turned: int | None = None
  count: int = 0
  names: str = ''
  is_certain: bool = True


def by_header(header: Sequence[str]) -> Columns:
  """The columns of a table, by its first line.

  Raises:
    RefusedFileError: NOT_AN_ANNOTATION if columns are missing, COLUMNS_UNCLEAR if several may be meant.
  """
  names = [re.sub(r'[^a-z0-9]', '', name.lower()) for name in header]
  shown = ','.join(name.strip() for name in header)[:200]
  file = _one_of(names, _FILE, shown)
  form, box = _box(names, shown)
  if file is None or form is None:
    lacking = 'no column for the file' if file is None else 'no columns for a box'
    raise RefusedFileError(
      Reason.NOT_AN_ANNOTATION, f'no table of boxes: expected the columns {_EXPECTED}; found {shown}: {lacking}'
    )
  label = _one_of(names, _CLASS, shown)
  used = {file, *box}
  if label is None and not {name for place, name in enumerate(names) if place not in used} <= _NO_CLASS:
    raise RefusedFileError(
      Reason.NOT_AN_ANNOTATION, f'no table of boxes: expected the columns {_EXPECTED}; found {shown}: no class'
    )
  sizes = (pair for pair in _IMAGE_SIZE if all(name in names and names.index(name) not in used for name in pair))
  width, height = next(sizes, ('', ''))
  return Columns(
    file=file,
    label=label,
    box=box,
    form=form,
    width=_place(names, width),
    height=_place(names, height),
    difficult=_place(names, 'difficult', 'isgroupof', 'iscrowd'),
    truncated=_place(names, 'truncated', 'istruncated'),
    turned=_place(names, *_ANGLES),
    count=len(names),
    names=', '.join(header[place].strip() for place in box),
    is_certain=len(box) == 4 and names[box[0]] != 'x',
  )


def _one_of(names: Sequence[str], groups: Iterable[frozenset[str]], shown: str) -> int | None:
  """The place of the one column whose name is in the first of the groups that occurs.

  Raises:
    RefusedFileError: COLUMNS_UNCLEAR if several are.
  """
  for group in groups:
    found = [place for place, name in enumerate(names) if name in group]
    if len(found) > 1:
      several = ' and '.join(names[place] for place in found)
      raise RefusedFileError(Reason.COLUMNS_UNCLEAR, f'{several} may each be meant; found the columns {shown}')
    if found:
      return found[0]
  return None


def _box(names: Sequence[str], shown: str) -> tuple[Form | None, tuple[int, ...]]:
  """The columns of the box, and their form; None and () if there are none, or half of another box.

  Raises:
    RefusedFileError: COLUMNS_UNCLEAR if a column occurs twice.
  """
  for form, box in _BOXES:
    if set(box) <= set(names) and not _FAR_CORNERS & set(names) - set(box):
      if any(names.count(name) > 1 for name in box):
        raise RefusedFileError(Reason.COLUMNS_UNCLEAR, f'a column of the box occurs twice; found the columns {shown}')
      return form, tuple(names.index(name) for name in box)
  cells = [place for place, name in enumerate(names) if name in _CELLS]
  return (Form.SIZED, (cells[0],)) if len(cells) == 1 else (None, ())


def _place(names: Sequence[str], *candidates: str) -> int | None:
  return next((names.index(name) for name in candidates if name and name in names), None)


# keras-retinanet: path,x1,y1,x2,y2,class. makesense.ai: class,left,top,width,height,image,width,height.
_WITHOUT_HEADER = (
  Columns(file=0, label=5, box=(1, 2, 3, 4), form=Form.CORNERS, count=6),
  Columns(file=5, label=0, box=(1, 2, 3, 4), form=Form.SIZED, width=6, height=7, count=8),
)


def without_header(rows: Iterable[Sequence[str]]) -> Columns | None:
  """The columns of a table without a first line of names, by its first rows; None if that is not certain."""
  rows = [row for row in rows if any(cell.strip() for cell in row)]
  for columns in _WITHOUT_HEADER:
    if rows and all(_fits(row, columns) for row in rows):
      return columns
  return None


def _fits(row: Sequence[str], columns: Columns) -> bool:
  """Whether a row has an image's name, then a box and a class or neither, in these columns."""
  if len(row) != columns.count or columns.label is None:
    return False
  if posixpath.splitext(row[columns.file].strip())[1].lower() not in listing.IMAGE_SUFFIXES:
    return False
  cells = [row[place].strip() for place in columns.box]
  if not any(cells):
    return columns.width is None and not row[columns.label].strip()
  x, y, right, bottom = (to_number(cell) for cell in cells)
  if x is None or y is None or right is None or bottom is None or not row[columns.label].strip():
    return False
  if columns.width is not None and columns.height is not None:
    return to_number(row[columns.width]) is not None and to_number(row[columns.height]) is not None
  return x <= right and y <= bottom
