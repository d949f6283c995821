"""Which models adapt to another domain, told from pipeline.config alone."""

from object_detection.protos import pipeline_pb2

from detection.base.errors import ConfigError

_FAMILIES = ('ssd', 'center_net')


def check_family(config: pipeline_pb2.TrainEvalPipelineConfig) -> None:
  """Raises ConfigError unless the model is an SSD, EfficientDet or CenterNet."""
  kind = config.model.WhichOneof('model')
  if kind not in _FAMILIES:
    raise ConfigError(f'adapt: not for model {kind} in pipeline.config. Expected an SSD, EfficientDet or CenterNet.')
