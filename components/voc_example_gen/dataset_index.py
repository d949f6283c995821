"""What a format's reader finds in a data folder: annotated images, and files that cannot be used."""

import dataclasses
from collections.abc import Mapping

from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.refusals import Refusal


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
  """One annotated image; paths are relative to the data folder, with forward slashes.

  Attributes:
    image: its path.
    data_format: the name of the format, whose reader reads `annotation_file`.
    annotation_file: the annotation's path, for formats with one file an image: read when the image's turn comes.
    annotation: the annotation itself, for formats that keep many images in one file; else None.
    split_hint: the split that the annotation file's name or folder tells (instances_train.json); '' if it tells none.
  """

  image: str
  data_format: str = ''
  annotation_file: str = ''
  annotation: Annotation | None = None
  split_hint: str = ''


@dataclasses.dataclass(frozen=True)
class DatasetIndex:
  """All items of one format in a data folder, and what was noticed on the way.

  Attributes:
    data_format: the format's name.
    items: the annotated images.
    refused: files that are not used, and why.
    warnings: what a user should know, one sentence each, with the first few files' names.
    elsewhere: {image path: another format} of images that only the other format describes; None if no other format was
      looked for.
  """

  data_format: str
  items: tuple[Item, ...]
  refused: tuple[Refusal, ...] = ()
  warnings: tuple[str, ...] = ()
  elsewhere: Mapping[str, str] | None = None
