"""Images alone: no annotation is read, whatever the folder holds. Used for the unlabelled images of another domain."""

from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.dataset_index import DatasetIndex, Item
from components.voc_example_gen.format_reader import Reader
from components.voc_example_gen.listing import Tree


def find(tree: Tree) -> DatasetIndex:
  """Every image of the folder, without objects."""
  nothing = Annotation()
  return DatasetIndex('images', tuple(Item(image.path, 'images', annotation=nothing) for image in tree.images))


READER = Reader('images', preference=5, expected='image files', find=find, labelled=False)
