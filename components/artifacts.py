"""The project's own artifact types; all other artifacts are TFX's standard ones.

KFP needs TYPE_NAME to be an importable `module.Class`, and refuses PROPERTIES on custom types.
"""

from tfx.types import Artifact, artifact, artifact_utils

from detection import model_folder
from detection.base import files
from detection.base.errors import DataError


class LabelMap(artifact.Artifact):
  """One file, label_map.pbtxt: the OD API's StringIntLabelMap, ids from 1."""

  TYPE_NAME = 'components.artifacts.LabelMap'
  FILE_NAME = model_folder.LABEL_MAP


class PipelineConfig(artifact.Artifact):
  """One file, pipeline.config: a complete TrainEvalPipelineConfig that model_main_tf2 can run as it is."""

  TYPE_NAME = 'components.artifacts.PipelineConfig'
  FILE_NAME = model_folder.PIPELINE_CONFIG


class IngestReport(artifact.Artifact):
  """The outcome of ingestion: report.json, and report.html for people."""

  TYPE_NAME = 'components.artifacts.IngestReport'
  FILE_NAME = 'report.json'
  PAGE_NAME = 'report.html'


class ExportedModels(artifact.Artifact):
  """A model for other runtimes: `<kind>.tflite`, `model.onnx` and `int8.onnx`, each with its class names inside."""

  TYPE_NAME = 'components.artifacts.ExportedModels'


def split_pattern(examples: Artifact, split: str) -> str:
  """The glob pattern of a split's TFRecord files.

  Raises:
    DataError: if there is no such split.
  """
  splits = artifact_utils.decode_split_names(examples.split_names)
  if split not in splits:
    raise DataError(f'{examples.uri}: no split "{split}". Expected train and eval, received {", ".join(splits)}.')
  return files.join(artifact_utils.get_split_uri([examples], split), '*')
