"""CenterNet's MobileNet-v2 fetches ImageNet weights from the web while it is built. Weights come from checkpoints."""

from typing import Any

from detection.odapi.compat.versions import Versions

VERSIONS = Versions('tensorflow', since='2')


def apply() -> None:
  from object_detection.models.keras_models import mobilenet_v2 as source

  build = source.mobilenet_v2

  def without_weights(*args: Any, **kwargs: Any) -> Any:
    return build(*args, **{**kwargs, 'weights': None})

  source.mobilenet_v2 = without_weights
