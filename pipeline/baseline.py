"""Which model the new one is compared with: the model in production."""

from typing import Any

import ml_metadata
from tfx import types
from tfx.components.evaluator import constants
from tfx.dsl.components.common import resolver


class LatestBlessedOther(resolver.ResolverStrategy):
  """Resolves the model that was blessed last, the candidate itself left out.

  TFX's LatestBlessedModelStrategy would, after a first blessed run, give the candidate as its own baseline: the
  inputs of an unchanged second run would differ from the first one's, and the cache would never be hit.

  Inputs and outputs: `model`, `model_blessing` (all there are; at most one is left) and `candidate` (passed through).
  """

  def resolve_artifacts(
    self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[types.Artifact]]
  ) -> dict[str, list[types.Artifact]]:
    candidates = {artifact.id for artifact in input_dict['candidate']}
    models = {artifact.id: artifact for artifact in input_dict['model']}
    blessings = sorted(input_dict['model_blessing'], key=lambda artifact: artifact.id, reverse=True)
    for blessing in blessings:
      model = models.get(_judged_model(blessing))
      if _is_blessed(blessing) and model is not None and model.id not in candidates:
        return {**input_dict, 'model': [model], 'model_blessing': [blessing]}
    return {**input_dict, 'model': [], 'model_blessing': []}


def _is_blessed(blessing: Any) -> bool:
  return blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY) == 1


def _judged_model(blessing: Any) -> int:
  return blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY)
