"""The execution properties that carry a recipe: ConfigPatcher and DetectionTuner take the same."""

from tfx.types import component_spec

PARAMETERS = {
  'base_name': component_spec.ExecutionParameter(type=str),
  'base_config': component_spec.ExecutionParameter(type=str),
  'checkpoint': component_spec.ExecutionParameter(type=str),
  'checkpoint_fingerprint': component_spec.ExecutionParameter(type=str),
  'mode': component_spec.ExecutionParameter(type=str),
  'num_steps': component_spec.ExecutionParameter(type=int),
  'batch_size': component_spec.ExecutionParameter(type=int),
  'overrides': component_spec.ExecutionParameter(type=str),
}
