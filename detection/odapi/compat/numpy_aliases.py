"""The Pascal VOC and Open Images evaluators use aliases that numpy 1.24 removed, and one that numpy 2 removed."""

import numpy as np

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('numpy', since='1.24')

_ALIASES = {'float': float, 'bool': bool, 'int': int, 'object': object, 'NAN': np.nan}


def apply() -> None:
  for name, value in _ALIASES.items():
    if name not in np.__dict__:  # hasattr would warn
      setattr(np, name, value)
