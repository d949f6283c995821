"""How rare each class of the train split is, from what ingestion counted; and what balance follows from it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from detection import kept_scans, record_scan
from detection.base import files
from detection.base.progress import write_line
from detection.odapi import label_map
from detection.odapi.config.config_io import Config
from detection.odapi.model import config_facts, inputs
from detection.odapi.model.balance import Balance
from detection.record_scan import FileScan, Scans
from detection.training.settings import BalanceSettings


def of(config: Config, settings: BalanceSettings, scans: Scans) -> Balance:
  """The balance of a training's train split; a line says what it is.

  Args:
    config: complete.
    settings: what is asked for.
    scans: of record files that have been read already. Others are read if nothing was kept beside them, or they were
      written before images were counted.
  """
  reader = config.train_input_reader
  labels = label_map.parse_shared(files.read_text(reader.label_map_path), reader.label_map_path)
  found = _counted(inputs.record_files(reader), scans)
  total = sum(scan.records for scan in found)
  images, objects = _by_id([scan.images for scan in found], labels), _by_id([scan.objects for scan in found], labels)
  ids = range(1, config_facts.num_classes(config) + 1)
  repeats = repeat_factors([images[number] for number in ids], total, settings.repeat_threshold)
  weights = object_weights([objects[number] for number in ids], settings.object_weights)
  names = {number: name for name, number in label_map.categories(labels).items()}
  facts = (
    f'{names.get(number, number)} x{repeat:.2f}, weight {weight:.2f}'
    for number, repeat, weight in zip(ids, repeats, weights, strict=True)
  )
  write_line(f'train.balance: images and objects of {"; ".join(facts)}')
  return Balance(tuple(repeats), tuple(weights))


def repeat_factors(images: Sequence[int], total: int, threshold: float) -> list[float]:
  """max(1, sqrt(threshold / f)) for each class that a part f of all `total` images has; 1 if no image has it."""
  return [max(1.0, math.sqrt(threshold * total / count)) if count else 1.0 for count in images]


def object_weights(objects: Sequence[int], power: float) -> list[float]:
  """The power -`power` of each class's number of objects, scaled so that the mean weight of all objects is 1."""
  raw = [count**-power if count else 0.0 for count in objects]
  mass = sum(weight * count for weight, count in zip(raw, objects, strict=True))
  return [weight * sum(objects) / mass if count else 1.0 for weight, count in zip(raw, objects, strict=True)]


def _counted(paths: Sequence[str], scans: Scans) -> list[FileScan]:
  known = {**kept_scans.read(path for path in paths if path not in scans), **scans}
  known = {path: scan for path, scan in known.items() if scan.images or not scan.objects}
  return list(record_scan.scan(paths, known).values())


def _by_id(counts: Sequence[Mapping[str, int]], labels: Mapping[str, int]) -> Counter[int]:
  """Sums by class id. Names that share an id are one class; an image that has two of them is counted twice."""
  summed: Counter[int] = Counter()
  for count in counts:
    for name, number in count.items():
      if name in labels:
        summed[labels[name]] += number
  return summed
