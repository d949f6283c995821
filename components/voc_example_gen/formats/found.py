"""What a format's reader finds in a folder: images with annotations, and files that cannot be used."""

import dataclasses

from components.voc_example_gen.formats.annotation import Annotation, Reason


@dataclasses.dataclass(frozen=True)
class Item:
  """One annotated image; paths are relative to the data folder, with forward slashes.

  Either `annotation_file` is read when its turn comes (one VOC XML per image), or `annotation` is there already
  (formats that keep many images in one file).
  """

  image: str
  annotation_file: str = ''
  annotation: Annotation | None = None
  split_hint: str = ''


@dataclasses.dataclass(frozen=True)
class Refusal:
  """One file that is not used, and why."""

  path: str
  reason: Reason
  detail: str = ''


@dataclasses.dataclass(frozen=True)
class Found:
  """All of one format's items in a folder."""

  data_format: str
  items: tuple[Item, ...]
  refused: tuple[Refusal, ...] = ()
