"""pipeline.config, the OD API's TrainEvalPipelineConfig, as text. config_path reads and writes single fields."""

import re
from typing import TypeAlias, TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message
from object_detection.protos import pipeline_pb2

from detection.base import suggest
from detection.base.errors import ConfigError

Config: TypeAlias = pipeline_pb2.TrainEvalPipelineConfig
AnyMessage = TypeVar('AnyMessage', bound=Message)


def parse(text: str, where: str = 'pipeline.config') -> Config:
  """Reads the text of a pipeline.config.

  Args:
    text: the file's content.
    where: the file's name, for messages.

  Raises:
    ConfigError: naming file, line and column, if the text is not a TrainEvalPipelineConfig.
  """
  return parse_into(text, Config(), where)


def dump(config: Config) -> str:
  """The text of `config`. Equal configs give equal text: fields in the order of their numbers, maps by key."""
  return text_format.MessageToString(config, as_utf8=True)


def parse_into(text: str, message: AnyMessage, where: str) -> AnyMessage:
  """Merges the text of any part of a pipeline.config into `message`, and returns it. Raises as `parse`."""
  try:
    # Some of the garden's configs still name Google's own input readers, extensions nobody else has.
    return text_format.Merge(text, message, allow_unknown_extension=True)
  except text_format.ParseError as error:
    raise ConfigError(_explain(error, text, where)) from error


def _explain(error: text_format.ParseError, text: str, where: str) -> str:
  line, column = error.GetLine(), error.GetColumn()
  place = f'{where}, line {line}, column {column}' if line and column else where
  reason = re.sub(r'^\d+:\d+ ?: ', '', str(error)).rstrip('.').replace('\n', ' ')
  unknown = re.search(r'Message type "([\w.]+)" has no field named "(\w+)"', reason)
  if unknown:
    reason += f'; {suggest.hint(unknown.group(2), sorted(_fields_of(unknown.group(1))))}'
  return f'{place}: not a pipeline.config: {reason}. Expected the text form of TrainEvalPipelineConfig.'


def _fields_of(message_type: str) -> list[str]:
  return list(Config.DESCRIPTOR.file.pool.FindMessageTypeByName(message_type).fields_by_name)
