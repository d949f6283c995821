"""Where a config starts from: a built-in base by name, a pipeline.config of the user's, or a zoo download."""

import dataclasses

from detection import model_folder
from detection.base import files, suggest
from detection.base.errors import ConfigError
from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, checkpoint, portable, zoo


@dataclasses.dataclass(frozen=True)
class Base:
  """A config to start from.

  name: the built-in's name or the file's path, for messages.
  text: a pipeline.config in text form, known to parse.
  checkpoint: the zoo archive or folder that brings a checkpoint along, or an empty string.
  """

  name: str
  text: str
  checkpoint: str = ''


def read_base(base: str) -> Base:
  """Finds and reads a base.

  Args:
    base: a built-in name, or the path of a pipeline.config, of a zoo archive (.tar.gz), or of a folder unpacked from
      one. See zoo.verified for file:// and digests.

  Raises:
    ConfigError: if there is no such built-in or file (with the nearest name), it is not a pipeline.config, or one for
      TF 1 (with the TF 2 successor of its model).
  """
  if base in builtin_bases.names():
    return _checked(base, builtin_bases.text(base))
  path = zoo.verified(base)
  if not path or not files.exists(path):
    raise ConfigError(_missing(base))
  if files.isdir(path):
    inside = files.join(path, model_folder.PIPELINE_CONFIG)
    if not files.exists(inside):
      raise ConfigError(f'model.base: {inside} does not exist. Expected a folder with a pipeline.config in it.')
    return _checked(inside, _text(inside), path if checkpoint.is_in(path) else '')
  if zoo.is_archive(path):
    return _checked(path, zoo.read_config(path), path)
  return _checked(path, _text(path))


def _text(path: str) -> str:
  try:
    return files.read_text(path)
  except UnicodeDecodeError as error:
    raise ConfigError(f'model.base: {path} is not text. Expected a pipeline.config.') from error


def _checked(name: str, text: str, checkpoint_source: str = '') -> Base:
  config = config_io.parse(text, name)
  if config.model.WhichOneof('model') is None:
    raise ConfigError(f'{name}: no model in it. Expected model {{ ssd | faster_rcnn | center_net {{ ... }} }}.')
  found = portable.problems(config)
  if found:
    raise ConfigError(f'{name}: ' + ' '.join(found))
  return Base(name, text, checkpoint_source)


def _missing(base: str) -> str:
  return f'model.base: "{base}" is neither a built-in name nor a file; {suggest.hint(base, builtin_bases.names())}.'
