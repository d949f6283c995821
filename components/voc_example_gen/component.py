"""VocExampleGen: a folder of images and annotations becomes examples."""

import json
from collections.abc import Mapping
from typing import Any

from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import code_version
from components.artifacts import IngestReport
from components.voc_example_gen import digests, driver, executor
from components.voc_example_gen.settings import IngestSettings
from detection.base.errors import ConfigError
from detection.base.settings import parse_settings


class VocExampleGenSpec(component_spec.ComponentSpec):
  """Parameters and outputs of VocExampleGen."""

  PARAMETERS = {
    'data_root': component_spec.ExecutionParameter(type=str),
    'data_format': component_spec.ExecutionParameter(type=str),
    'split': component_spec.ExecutionParameter(type=str),
    'max_bad_fraction': component_spec.ExecutionParameter(type=float),
    'keep_negatives': component_spec.ExecutionParameter(type=int),
    'fingerprint': component_spec.ExecutionParameter(type=str),
    'code_version': component_spec.ExecutionParameter(type=str),
    'input_fingerprint': component_spec.ExecutionParameter(type=str, optional=True),
  }
  INPUTS: dict[str, component_spec.ChannelParameter] = {}
  OUTPUTS = {
    'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples),
    'ingest_report': component_spec.ChannelParameter(type=IngestReport),
  }


class VocExampleGen(base_beam_component.BaseBeamComponent):
  """Reads Pascal VOC (or COCO, YOLO, CSV) and images, checks every one, and writes examples the OD API can train on.

      data = VocExampleGen(data_root='photos', split={'method': 'hash', 'eval_fraction': 0.2})

  inputs: none; `data_root` is a folder, local or remote (gs://, s3://).
  outputs: examples (Examples): splits train and eval, and test when asked; uncompressed TFRecord shards.
    ingest_report (IngestReport): report.json, and report.html for people.
  """

  SPEC_CLASS = VocExampleGenSpec
  EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)
  DRIVER_CLASS = driver.Driver

  def __init__(
    self,
    data_root: str,
    data_format: str = 'auto',
    split: Mapping[str, Any] | None = None,
    max_bad_fraction: float = 0.05,
    keep_negatives: bool = True,
    fingerprint: str = digests.LISTING,
  ) -> None:
    """Checks the settings now, before a run starts.

    Args:
      data_root: the data folder.
      data_format: the name of a reader in formats/, or 'auto'; see IngestSettings.
      split: keys of SplitSettings.
      max_bad_fraction: fraction of files that may be refused before ingestion fails.
      keep_negatives: whether images annotated as having no objects are used.
      fingerprint: what tells that the data has changed; see IngestSettings.

    Raises:
      ConfigError: naming the setting that is wrong.
    """
    if not data_root:
      raise ConfigError('data.root: expected the folder with images and annotations, received nothing.')
    settings = {
      'data_format': data_format,
      'split': dict(split or {}),
      'max_bad_fraction': max_bad_fraction,
      'keep_negatives': keep_negatives,
      'fingerprint': fingerprint,
    }
    checked = parse_settings(IngestSettings, settings, 'data')
    super().__init__(
      VocExampleGenSpec(
        data_root=data_root,
        data_format=checked.data_format,
        split=json.dumps(checked.split.dict(), sort_keys=True),
        max_bad_fraction=float(checked.max_bad_fraction),
        keep_negatives=int(checked.keep_negatives),
        fingerprint=checked.fingerprint,
        code_version=code_version.of(executor),
        examples=channel.Channel(type=standard_artifacts.Examples),
        ingest_report=channel.Channel(type=IngestReport),
      )
    )
