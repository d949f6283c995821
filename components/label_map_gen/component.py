"""LabelMapGen: from the class names in the examples to label_map.pbtxt."""

import pathlib

from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts

from components import code_version
from components.artifacts import LabelMap
from components.label_map_gen import executor
from detection.base.errors import ConfigError, DataError
from detection.odapi import label_map


class LabelMapGenSpec(component_spec.ComponentSpec):
  """Channels and properties of LabelMapGen."""

  PARAMETERS = {
    'pinned': component_spec.ExecutionParameter(type=str),
    'pinned_path': component_spec.ExecutionParameter(type=str),
    'single_class': component_spec.ExecutionParameter(type=str),
    'for_classifier': component_spec.ExecutionParameter(type=int),
    'code_version': component_spec.ExecutionParameter(type=str),
  }
  INPUTS = {'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples)}
  OUTPUTS = {'label_map': component_spec.ChannelParameter(type=LabelMap)}


class LabelMapGen(base_beam_component.BaseBeamComponent):
  """Derives label_map.pbtxt from the class names in the examples.

  Ids start at 1 (0 is background). Names are ordered by code point, so equal data gives equal ids. With `pinned`,
  the ids there are kept for life and new names are appended after them. With `single_class`, all names share the id of
  that class, and so are one class for the OD API's reader.

      labels = LabelMapGen(examples=data.outputs['examples'])

  inputs: examples (Examples).
  outputs: label_map (LabelMap): one file, label_map.pbtxt.
  """

  SPEC_CLASS = LabelMapGenSpec
  EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(executor.Executor)

  def __init__(
    self,
    examples: channel.BaseChannel,
    pinned: str | None = None,
    single_class: str = '',
    for_classifier: bool = False,
  ) -> None:
    """Reads the pinned label map now, so that its content, not its path, decides about the cache.

    Args:
      examples: of VocExampleGen, or any with `image/object/class/text`.
      pinned: path of a label_map.pbtxt whose ids are kept.
      single_class: the name of the one class that all objects are of; '' keeps their own classes.
      for_classifier: whether a classifier is to tell the classes apart, so that the data must have two or more.

    Raises:
      ConfigError: if `pinned` cannot be read, or is no label map that can be kept: an id below 1 or given twice.
    """
    super().__init__(
      LabelMapGenSpec(
        examples=examples,
        pinned=_text(pinned) if pinned else '',
        pinned_path=pinned or '',
        single_class=single_class,
        for_classifier=int(for_classifier),
        code_version=code_version.of(executor),
        label_map=channel.Channel(type=LabelMap),
      )
    )


def _text(path: str) -> str:
  """The content of a label map, which is checked here: the examples, which the executor reads, may take hours."""
  try:
    text = pathlib.Path(path).read_text(encoding='utf-8')
  except (OSError, UnicodeDecodeError) as error:
    raise ConfigError(f'{path}: cannot be read as a label map: {error}. Expected a label_map.pbtxt.') from error
  try:
    label_map.parse(text, where=path)
  except DataError as error:
    # To the executor a bad label map is bad data; named in the run config, it is the user's to mend first.
    raise ConfigError(f'data.label_map: {error}') from error
  return text
