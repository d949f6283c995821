"""What an annotation format has to offer: one Reader in one file of formats/."""

import dataclasses
from collections.abc import Callable

from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.listing import Tree


@dataclasses.dataclass(frozen=True)
class Reader:
  """Reads one annotation format.

  Attributes:
    name: the value of data.format.
    preference: where two formats describe equally many images, `auto` takes the one with the lower number.
    expected: the files of this format, in one phrase for messages.
    find: finds all annotated images of a folder.
    read: (data folder, path) -> Annotation; reads one annotation file, and raises RefusedFileError if it cannot be
      used. None for formats whose `find` reads everything.
    labelled: whether images have annotations. If not, every image of the folder goes to the split train, no object is
      expected, and `auto` never takes the format.
    box_form: what the numbers of a box are read as, in words.
  """

  name: str
  preference: int
  expected: str
  find: Callable[[Tree], DatasetIndex]
  read: Callable[[str, str], Annotation] | None = None
  labelled: bool = True
  box_form: str = ''
