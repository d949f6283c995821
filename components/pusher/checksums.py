"""checksums.json of a version: the SHA-256 of every other file, so that damage can be seen."""

import json
from collections.abc import Mapping

from detection.base import files

FILE_NAME = 'checksums.json'


def write(version: str, checksums: Mapping[str, str]) -> None:
  """Writes the checksums, {path below the version: SHA-256 as hex digits}, to the folder `version`."""
  text = json.dumps(dict(checksums), indent=2, sort_keys=True) + '\n'
  files.write_text(files.join(version, FILE_NAME), text)


def read(version: str) -> dict[str, str] | None:
  """{path below the version: SHA-256} of the folder `version`; None if it has no checksums."""
  path = files.join(version, FILE_NAME)
  return json.loads(files.read_text(path)) if files.exists(path) else None


def damaged(version: str) -> list[str]:
  """Files of the folder `version` that are gone or no longer what was published; empty if it is sound."""
  expected = json.loads(files.read_text(files.join(version, FILE_NAME)))
  return [name for name, digest in expected.items() if not _is_same(files.join(version, name), digest)]


def _is_same(path: str, digest: str) -> bool:
  return files.exists(path) and files.sha256(path) == digest
