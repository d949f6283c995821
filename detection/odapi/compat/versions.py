"""Which versions of a library a mend is for."""

import dataclasses
import importlib.metadata


@dataclasses.dataclass(frozen=True)
class Versions:
  """Versions of one distribution.

  package: its name on PyPI.
  since: the first version that breaks; '0' for all.
  """

  package: str
  since: str

  def installed(self) -> bool:
    """Whether the installed version is one of them. Reads metadata; the library is not imported."""
    return _numbers(importlib.metadata.version(self.package)) >= _numbers(self.since)


def _numbers(version: str) -> list[int]:
  """The release numbers of a version: [2, 21] of 2.21.0rc1, since pre-releases break as the release does."""
  return [int(part) for part in version.split('.')[:2] if part.isdigit()]
