"""An SSD keeps a repeated field of its config, `exclude_prefixes`. A process that has built one dies as Python ends.

protobuf's upb, from 4 on, crashes when a repeated field is freed after upb itself: exit status 139, after all work is
done. A list takes the field's place.
"""

from collections.abc import Sequence
from typing import Any

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('protobuf', since='4')


def apply() -> None:
  from object_detection.utils import ops

  build = ops.EqualizationLossConfig

  def of_a_list(weight: float, exclude_prefixes: Sequence[str]) -> Any:
    return build(weight, list(exclude_prefixes))

  ops.EqualizationLossConfig = of_a_list
