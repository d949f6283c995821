"""DetectionPusher: its channels, its properties, and the checks when a pipeline is built."""

from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import artifacts, code_version
from components.pusher import executor
from detection.base.errors import ConfigError


class DetectionPusherSpec(component_spec.ComponentSpec):
  """Channels and properties of DetectionPusher."""

  PARAMETERS = {
    'destination': component_spec.ExecutionParameter(type=str),
    'keep_versions': component_spec.ExecutionParameter(type=int),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {
    'model': component_spec.ChannelParameter(type=standard_artifacts.Model),
    'model_blessing': component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing),
    'evaluation': component_spec.ChannelParameter(type=standard_artifacts.ModelEvaluation, optional=True),
    'exports': component_spec.ChannelParameter(type=artifacts.ExportedModels, optional=True),
  }
  OUTPUTS = {'pushed_model': component_spec.ChannelParameter(type=standard_artifacts.PushedModel)}


class DetectionPusher(base_component.BaseComponent):
  """Publishes a blessed model to `<destination>/<version>/` for TensorFlow Serving; never one that is not blessed.

      pusher = DetectionPusher(model=..., model_blessing=evaluator.outputs['blessing'], destination='serving')

  outputs: pushed_model (PushedModel): properties `pushed` (1 or 0) and, if 1, `pushed_destination`, the version's
    folder, and `pushed_version`; in this case a file pushed.json says the same. Otherwise the artifact is empty.

  Args:
    model: from the trainer.
    model_blessing: from the evaluator.
    evaluation: its metrics.json, and a model card made from it, are published with the model.
    destination: the folder of versions, local or on object storage.
    keep_versions: after a push, older versions beyond this many are removed; 0 keeps all.
    exports: from the ModelExporter; its files are published in `exports/` of the version.

  Raises:
    ConfigError: if the destination is empty, or keep_versions is negative.
  """

  SPEC_CLASS = DetectionPusherSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(executor.Executor)

  def __init__(
    self,
    model: channel.BaseChannel,
    model_blessing: channel.BaseChannel,
    destination: str,
    evaluation: channel.BaseChannel | None = None,
    keep_versions: int = 0,
    exports: channel.BaseChannel | None = None,
  ) -> None:
    if not destination:
      raise ConfigError('push.destination: expected the folder to publish versions to, received an empty one.')
    if isinstance(keep_versions, bool) or not isinstance(keep_versions, int) or keep_versions < 0:
      raise ConfigError(f'push.keep_versions: expected 0 (all) or how many, received {keep_versions!r}.')
    spec = DetectionPusherSpec(
      model=model,
      model_blessing=model_blessing,
      evaluation=evaluation,
      exports=exports,
      destination=destination,
      keep_versions=keep_versions,
      code_version=code_version.of(executor),
      pushed_model=channel.Channel(type=standard_artifacts.PushedModel),
    )
    super().__init__(spec=spec)
