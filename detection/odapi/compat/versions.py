"""Which versions of a library a mend is for."""

import dataclasses
import os
import re
import sys


@dataclasses.dataclass(frozen=True)
class Versions:
  """Versions of one distribution.

  package: its name on PyPI.
  since: the first version that breaks; '0' for all.
  """

  package: str
  since: str

  def installed(self) -> bool:
    """Whether the installed version is one of them; False if there is none. The library is not imported."""
    return _numbers(_installed(self.package)) >= _numbers(self.since)


def _installed(package: str) -> str:
  """The installed version of a distribution, by the name of its folder of metadata; '' if there is none.

  `importlib.metadata` finds it in any other place too; but every command asks, and importing it takes longer than
  `--help`.
  """
  wanted = _plain(package)
  for place in sys.path:
    for name in os.listdir(place or '.') if os.path.isdir(place or '.') else ():
      found, _, version = name.removesuffix('.dist-info').partition('-')
      if name.endswith('.dist-info') and _plain(found) == wanted:
        return version
  import importlib.metadata

  try:
    return importlib.metadata.version(package)
  except importlib.metadata.PackageNotFoundError:
    return ''


def _plain(package: str) -> str:
  return re.sub(r'[-_.]+', '_', package).lower()


def _numbers(version: str) -> list[int]:
  """The release numbers of a version: [2, 21] of 2.21.0rc1, since pre-releases break as the release does."""
  return [int(part) for part in version.split('.')[:2] if part.isdigit()]
