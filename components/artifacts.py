"""The project's own artifact types; all other artifacts are TFX's standard ones.

KFP needs TYPE_NAME to be an importable `module.Class`, and refuses PROPERTIES on custom types.
"""

from tfx.types import artifact


class LabelMap(artifact.Artifact):
  """One file, label_map.pbtxt: the OD API's StringIntLabelMap, ids from 1."""

  TYPE_NAME = 'components.artifacts.LabelMap'
  FILE_NAME = 'label_map.pbtxt'


class PipelineConfig(artifact.Artifact):
  """One file, pipeline.config: a complete TrainEvalPipelineConfig that model_main_tf2 can run as it is."""

  TYPE_NAME = 'components.artifacts.PipelineConfig'
  FILE_NAME = 'pipeline.config'


class IngestReport(artifact.Artifact):
  """What ingestion found: report.json, and report.html for people."""

  TYPE_NAME = 'components.artifacts.IngestReport'
  FILE_NAME = 'report.json'
  PAGE_NAME = 'report.html'


class ExportedModels(artifact.Artifact):
  """A model for other runtimes: `<kind>.tflite` and `model.onnx`, each with its class names inside."""

  TYPE_NAME = 'components.artifacts.ExportedModels'
