"""ExampleTiler: the component."""

import json
from collections.abc import Mapping
from typing import Any

from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import code_version
from components.example_tiler import executor
from detection.base.settings import parse_settings
from detection.tiles.settings import TileSettings


class ExampleTilerSpec(component_spec.ComponentSpec):
  """Channels and properties of ExampleTiler."""

  PARAMETERS = {
    'tiles': component_spec.ExecutionParameter(type=str),  # JSON
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples)}
  OUTPUTS = {'tiled': component_spec.ChannelParameter(type=standard_artifacts.Examples)}


class ExampleTiler(base_beam_component.BaseBeamComponent):
  """Cuts the images of every split into labelled tiles, to train on.

      tiler = ExampleTiler(examples=example_gen.outputs['examples'], tiles={'size': 640})

  outputs: tiled (Examples): the same splits, with a record for each tile that is used, and record_scan.json.

  Args:
    examples: whole images.
    tiles: keys of TileSettings.

  Raises:
    ConfigError: naming the setting that is wrong.
  """

  SPEC_CLASS = ExampleTilerSpec
  EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

  def __init__(self, examples: channel.BaseChannel, tiles: Mapping[str, Any]) -> None:
    checked = parse_settings(TileSettings, dict(tiles), 'data.tiles')
    super().__init__(
      ExampleTilerSpec(
        examples=examples,
        tiles=json.dumps(checked.dict(), sort_keys=True),
        tiled=channel.Channel(type=standard_artifacts.Examples),
        code_version=code_version.of(executor),
      )
    )
