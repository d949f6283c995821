"""Reads the labelled images of a data folder as ingestion does, without a pipeline."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from components.voc_example_gen import ingest, plan
from components.voc_example_gen.settings import IngestSettings
from detection.crops.source_images import SourceImage


def read(root: str, settings: IngestSettings) -> Iterator[SourceImage]:
  """Every image with usable boxes, whatever its split; what ingestion would refuse is left out.

  Raises:
    DataError: if there is nothing to read.
  """
  planned = plan.make(root, settings)
  for shard in planned.shards:
    for task in shard.tasks:
      _, checked, boxes = ingest.examine(planned.root, task, keep_negatives=False)
      if checked:
        corners = [(box.ymin, box.xmin, box.ymax, box.xmax) for box in boxes]
        yield SourceImage(task.item.image, checked.content, [box.label for box in boxes], np.array(corners, np.float32))


def read_records(root: str, settings: IngestSettings) -> Iterator[bytes]:
  """The serialized example of every usable image, whatever its split, as ingestion writes it.

  An image that is annotated as having no objects is read too, whatever the settings say.

  Raises:
    DataError: if there is nothing to read.
  """
  planned = plan.make(root, settings)
  for shard in planned.shards:
    for task in shard.tasks:
      record, _ = ingest.process(planned.root, task, keep_negatives=True)
      if record:
        yield record
