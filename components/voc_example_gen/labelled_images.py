"""Reads the labelled images of a data folder as ingestion does, without a pipeline."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from components.voc_example_gen import ingest, plan
from components.voc_example_gen.refusals import SET_ASIDE
from components.voc_example_gen.settings import IngestSettings
from detection.crops.source_images import SourceImage


class LabelledImages:
  """The annotated images of a folder, whatever their split, or a sample; what ingestion would refuse is left out.

  Attributes:
    total: how many annotated images the folder has.
    left_out: {image: why it cannot be used}, of those that were read so far.
  """

  def __init__(self, root: str, settings: IngestSettings, most: int | None = None) -> None:
    """Lists the folder.

    Args:
      root: the data folder.
      settings: how it is read.
      most: if there are more images, only so many, which names that have nothing to do with their content decide; the
        same each time. None for all.

    Raises:
      DataError: if there is nothing to read.
    """
    planned = plan.make(root, settings)
    tasks = [task for shard in planned.shards for task in shard.tasks]
    self.total = len(tasks)
    self.left_out: dict[str, str] = {}
    self._root = planned.root
    self._tasks = tasks if most is None or len(tasks) <= most else plan.shuffled(tasks)[:most]

  @property
  def count(self) -> int:
    """How many are read."""
    return len(self._tasks)

  def images(self) -> Iterator[SourceImage]:
    """Every image with usable boxes."""
    for task in self._tasks:
      ((outcome, checked, boxes),) = ingest.examine(self._root, [task], keep_negatives=False)
      self._note(outcome)
      if checked:
        corners = [(box.ymin, box.xmin, box.ymax, box.xmax) for box in boxes]
        yield SourceImage(task.item.image, checked.content, [box.label for box in boxes], np.array(corners, np.float32))

  def records(self) -> Iterator[bytes]:
    """The serialized example of every usable image, as ingestion writes it.

    An image that is annotated as having no objects is read too, whatever the settings say.
    """
    for task in self._tasks:
      ((record, outcome),) = ingest.process(self._root, [task], keep_negatives=True)
      self._note(outcome)
      if record:
        yield record

  def _note(self, outcome: ingest.Outcome) -> None:
    if outcome.reason and outcome.reason not in SET_ASIDE:
      self.left_out[outcome.file or outcome.image] = f'{outcome.reason}: {outcome.detail}'
