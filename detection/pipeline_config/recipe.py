"""What a config is made from: read and checked before any data is seen, carried as plain parameters, then completed."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError, collected, joined
from detection.odapi import backbones, networks
from detection.odapi.config import config_io
from detection.odapi.config.config_io import Config
from detection.odapi.weights import imagenet
from detection.odapi.weights import read as read_weights
from detection.pipeline_config import (
  anchor_fitting,
  checkpoint,
  data_checks,
  patch,
  shorthand,
  split_boxes,
  transfer,
  zoo,
)
from detection.pipeline_config.base import read_base


@dataclasses.dataclass(frozen=True)
class Options:
  """What a user asks for.

  base: a built-in name, or the path of a pipeline.config, a zoo archive (.tar.gz), or a folder that holds one.
  num_steps: optimizer steps; the learning-rate schedule is stretched to them.
  batch_size: images a step; the learning rate is scaled to it.
  mode: scratch, fine_tune, classification, feature_extraction or resume; see transfer.
  checkpoint: prefix, file, folder or archive of the checkpoint that mode starts from; the base's own if not given.
  overrides: {dotted path in pipeline.config or short form: value}, or a text proto fragment.
  check_checkpoint: False where only the remote step can see the checkpoint.
  """

  base: str
  num_steps: int
  batch_size: int
  mode: str = 'scratch'
  checkpoint: str | None = None
  overrides: Mapping[str, Any] | str | None = None
  check_checkpoint: bool = True


@dataclasses.dataclass(frozen=True)
class Recipe:
  """A base config and what is asked of it, checked; its fields travel as execution properties.

  base_name, base_config: where the base is from, and its text: a changed file is a changed parameter, and a remote step
    needs no access to it.
  checkpoint: what training starts from: prefix, file, folder or archive; empty for none.
  checkpoint_fingerprint: changes with its content; empty where it was not looked at.
  mode, num_steps, batch_size, overrides: as in patch.Request.
  """

  base_name: str
  base_config: str
  checkpoint: str
  checkpoint_fingerprint: str
  mode: str
  num_steps: int
  batch_size: int
  overrides: Mapping[str, Any]

  @classmethod
  def from_parameters(cls, exec_properties: Mapping[str, Any]) -> 'Recipe':
    """The recipe that `parameters` was called on. Numbers may have become text on the way."""
    values = {field.name: exec_properties.get(field.name, '') for field in dataclasses.fields(cls)}
    sizes = {name: int(values[name]) for name in ('num_steps', 'batch_size')}
    return cls(**{**values, **sizes, 'overrides': json.loads(values['overrides'])})

  def parameters(self) -> dict[str, str | int]:
    """Execution properties, by the names of the fields; overrides as JSON."""
    values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
    return {**values, 'overrides': json.dumps(dict(self.overrides), sort_keys=True)}

  def with_overrides(self, overrides: Mapping[str, Any]) -> 'Recipe':
    """This recipe with further overrides, which win over its own."""
    return dataclasses.replace(self, overrides={**self.overrides, **overrides})

  def base(self) -> Config:
    """The base config, parsed."""
    return config_io.parse(self.base_config, self.base_name)

  def dry_run(self, is_network: bool = False) -> Config:
    """Patches without data, so that a wrong override is refused at once, not after the data was read.

    Args:
      is_network: whether the checkpoint is the weights of a classification network.

    Raises:
      ConfigError: naming every override that does not fit.
    """
    request = patch.Request(
      num_classes=None,
      label_map_path='',
      train_path='',
      eval_path='',
      num_steps=self.num_steps,
      batch_size=self.batch_size,
      mode=self.mode,
      checkpoint=self.checkpoint or None,
      is_network=is_network,
      overrides=self.overrides,
    )
    return patch.patch(self.base(), request)

  def request(
    self, train_path: str, eval_path: str, label_map_path: str, labels: Mapping[str, int], folder: str
  ) -> patch.Request:
    """What is asked of the base for these examples.

    Args:
      train_path, eval_path: glob patterns of the splits' TFRecord files.
      label_map_path: of label_map.pbtxt.
      labels: its content, {class name: id}.
      folder: where the checkpoint of an archive is unpacked.
    """
    return patch.Request(
      num_classes=max(labels.values(), default=0),
      label_map_path=label_map_path,
      train_path=train_path,
      eval_path=eval_path,
      num_steps=self.num_steps,
      batch_size=self.batch_size,
      mode=self.mode,
      checkpoint=(prefix := _prefix(self.checkpoint, folder)),
      is_network=prefix is not None and read_weights.is_network(prefix),
      overrides=self.overrides,
    )


def read(options: Options) -> Recipe:
  """Reads the base and checks what can be checked before anything runs.

  Raises:
    ConfigError: everything that is wrong in one message: no such checkpoint, an unknown mode or one that contradicts
      the checkpoint, an override that does not fit; before all these, a base that is not there or does not parse.
  """
  base = read_base(options.base)
  start = zoo.verified(options.checkpoint) if options.checkpoint else ''
  if not start and options.mode != 'scratch':
    start = base.checkpoint  # a zoo download brings its own
  problems = transfer.problems(options.mode, start)
  recipe = Recipe(
    base_name=base.name,
    base_config=base.text,
    checkpoint=start,
    checkpoint_fingerprint='',
    mode='scratch' if problems else options.mode,
    num_steps=options.num_steps,
    batch_size=options.batch_size,
    overrides={'text': options.overrides} if isinstance(options.overrides, str) else dict(options.overrides or {}),
  )
  fingerprint = ''
  with collected(problems):
    recipe.dry_run(read_weights.named_as_keras(start))
  with collected(problems):
    fingerprint = _fingerprint(start) if start and options.check_checkpoint else ''
  if not problems and options.check_checkpoint and start:
    with collected(problems):
      _check_network(recipe)
  if problems:
    raise ConfigError(joined(problems))
  return dataclasses.replace(recipe, checkpoint_fingerprint=fingerprint)


def complete_config(base: Config, request: patch.Request, split: split_boxes.SplitBoxes) -> Config:
  """The patched config; with fit_anchors among the overrides, its anchors follow the boxes, unless overridden too."""
  complete = patch.patch(base, request)
  if not request.overrides.get(shorthand.FIT_ANCHORS):
    return complete
  fitted = anchor_fitting.fit(complete, data_checks.in_model_pixels(complete, split))
  return patch.patch(base, dataclasses.replace(request, overrides={**fitted, **request.overrides}))


def _check_network(recipe: Recipe) -> None:
  """Compares the weights of a classification network with the backbone. Raises ConfigError if they do not fit."""
  if recipe.mode != 'classification' or zoo.is_archive(recipe.checkpoint):
    return
  prefix = checkpoint.find(recipe.checkpoint)
  if not read_weights.is_network(prefix):
    return
  config = recipe.dry_run(is_network=True)
  own = backbones.of(config)
  if prefix == networks.IMAGENET:
    imagenet.file_name(own.network, own.multiplier)
    return
  from detection.odapi.model import backbone_weights  # here, as the OD API takes seconds

  saved = read_weights.read(prefix)
  if saved is not None:
    backbone_weights.check(config, saved)


def _fingerprint(start: str) -> str:
  return files.sha256(start) if zoo.is_archive(start) else checkpoint.fingerprint(checkpoint.find(start))


def _prefix(start: str, folder: str) -> str | None:
  """The prefix to start from; that of an archive is unpacked below `folder`, where the trainer finds it."""
  if not start:
    return None
  if zoo.is_archive(start):
    return zoo.unpack_checkpoint(start, files.join(folder, model_folder.CHECKPOINT))
  return checkpoint.find(start)
