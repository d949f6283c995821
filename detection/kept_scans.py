"""What was found while record files were written, kept beside them, so that nobody has to read them to know it.

A file record_scan.json lies in the folder of the splits: above Split-train/, Split-eval/. It holds for each record file
its size and its FileScan. A file of another size than it says is not known: somebody has changed it.
"""

from __future__ import annotations

import dataclasses
import json
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping

from detection.base import file_status, files
from detection.record_scan import FileScan

FILE_NAME = 'record_scan.json'


@dataclasses.dataclass(frozen=True)
class KeptScan:
  """A record file as it was written; size in bytes."""

  size: int
  scan: FileScan


Scans = Mapping[str, KeptScan]  # by paths below the folder of the splits, such as Split-train/data_tfrecord-...


def write(folder: str, scans: Scans) -> None:
  """Keeps the scans of record files in the folder of their splits."""
  files.write_text(posixpath.join(folder, FILE_NAME), dump(scans))


def dump(scans: Scans) -> str:
  content = {path: {'size': kept.size, **vars(kept.scan)} for path, kept in sorted(scans.items())}
  return json.dumps(content)


def parse(text: str) -> dict[str, KeptScan]:
  """What `dump` wrote; without the files of earlier versions, which had another digest."""
  entries = {path: entry for path, entry in json.loads(text).items() if 'digest' in entry}
  return {path: KeptScan(entry.pop('size'), FileScan(**entry)) for path, entry in entries.items()}


def read(paths: Iterable[str]) -> dict[str, FileScan]:
  """{path: FileScan} of those of these record files whose scan is kept, and whose size is the one they had then."""
  inside: dict[str, list[str]] = defaultdict(list)
  for path in paths:
    folder, _, name = path.rpartition('/')
    inside[posixpath.dirname(folder)].append(f'{posixpath.basename(folder)}/{name}')
  found = {}
  for root, names in inside.items():
    kept = _kept(posixpath.join(root, FILE_NAME)) if root else {}
    for name, status in file_status.of_all(root, [name for name in names if name in kept]):
      if status.size == kept[name].size:
        found[posixpath.join(root, name)] = kept[name].scan
  return found


def _kept(path: str) -> dict[str, KeptScan]:
  text = files.read_text_if_there(path)
  return parse(text) if text else {}
