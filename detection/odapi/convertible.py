"""Which models the OD API converts to TFLite, told from pipeline.config alone."""

from object_detection.protos import pipeline_pb2

from detection.base.errors import ConfigError

_FAMILIES = {'ssd': 'SSD and EfficientDet', 'center_net': 'CenterNet'}


def check_family(config: pipeline_pb2.TrainEvalPipelineConfig) -> None:
  """Raises ConfigError if the model is of a family that cannot be converted."""
  family = config.model.WhichOneof('model')
  if family not in _FAMILIES:
    raise ConfigError(
      f'export.tflite: the OD API converts {" and ".join(_FAMILIES.values())} to TFLite; model.base is of the family '
      f'{family}. Choose another base, or leave export.tflite empty.'
    )


def check(config: pipeline_pb2.TrainEvalPipelineConfig) -> None:
  """Raises ConfigError if the model is of a family or an image size that cannot be converted."""
  check_family(config)
  resizer = getattr(config.model, config.model.WhichOneof('model')).image_resizer
  keep = resizer.keep_aspect_ratio_resizer
  one_size = resizer.HasField('fixed_shape_resizer') or (
    keep.pad_to_max_dimension and keep.min_dimension == keep.max_dimension
  )
  if not one_size:
    raise ConfigError(
      'export.tflite: TFLite needs images of one size. Expected a fixed_shape_resizer, or a keep_aspect_ratio_resizer '
      'with pad_to_max_dimension and min_dimension equal to max_dimension, in pipeline.config.'
    )
