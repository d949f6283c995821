"""DeepMAC's architecture imports tensorflow_io, for a colour space, and is itself imported with every model.

No build of tensorflow_io works with TF 2.16 and later. A config that needs the colour space fails on the empty module.
"""

import sys
import types

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2.16')


def apply() -> None:
  sys.modules.setdefault('tensorflow_io', types.ModuleType('tensorflow_io'))
