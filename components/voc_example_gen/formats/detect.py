"""Which annotation format a folder is in. One module per format; each finds items of the one in-memory form."""

from collections.abc import Callable

from components.voc_example_gen.formats import coco, csv_table, voc, yolo
from components.voc_example_gen.formats.annotation import Annotation
from components.voc_example_gen.formats.found import Found, Item
from components.voc_example_gen.scan import Tree
from detection.base.errors import DataError

# The format that no folder is taken for: images alone, whatever is annotated.
IMAGES = 'images'
_FINDERS: dict[str, Callable[[Tree], Found]] = {
  'voc': voc.find,
  'coco': coco.find,
  'yolo': yolo.find,
  'csv': csv_table.find,
}
_EXPECTED = {
  'voc': 'one Pascal VOC .xml file per image',
  'coco': 'a COCO .json file with images, annotations and categories',
  'yolo': 'one YOLO .txt file per image',
  'csv': f'a .csv file with the columns {",".join(csv_table.COLUMNS)}',
}


def find(tree: Tree, data_format: str) -> Found:
  """Finds the annotated images of a folder.

  Args:
    tree: the folder's listing.
    data_format: a format's name, IMAGES, or 'auto': the one that describes the most images, VOC first among equals.

  Raises:
    DataError: if there are no images, or no annotations of this format.
  """
  if not tree.images:
    raise DataError(
      f'{tree.root}: no images. Expected .jpg, .png, .bmp, .tif, .webp or .gif files in this folder or below it.'
    )
  if data_format == IMAGES:
    return Found(IMAGES, tuple(Item(image.path, annotation=Annotation()) for image in tree.images))
  names = list(_FINDERS) if data_format == 'auto' else [data_format]
  found = max((_FINDERS[name](tree) for name in names), key=lambda found: (len(found.items), len(found.refused)))
  if not found.items and not found.refused:
    expected = '; or '.join(_EXPECTED[name] for name in names)
    raise DataError(f'{tree.root}: {len(tree.images)} images, but no annotations. Expected {expected}.')
  return found
