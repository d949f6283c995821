"""What a config is made from: read and checked before any data is seen, carried as plain parameters, then completed."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError, collected, joined
from detection.odapi.config import config_io
from detection.odapi.config.config_io import Config
from detection.pipeline_config import anchors, data_checks, patch, shorthand, split_boxes, transfer, zoo
from detection.pipeline_config import checkpoint as checkpoints
from detection.pipeline_config.base import read_base


@dataclasses.dataclass(frozen=True)
class Recipe:
  """A base config and what is asked of it.

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
  def of(cls, exec_properties: Mapping[str, Any]) -> 'Recipe':
    """The recipe that `parameters` gave. Numbers may have become text on the way."""
    values = {field.name: exec_properties.get(field.name, '') for field in dataclasses.fields(cls)}
    sizes = {name: int(values[name]) for name in ('num_steps', 'batch_size')}
    return cls(**{**values, **sizes, 'overrides': json.loads(values['overrides'])})

  def parameters(self) -> dict[str, str | int]:
    """Execution properties, by the names of the fields."""
    values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
    return {**values, 'overrides': json.dumps(dict(self.overrides), sort_keys=True)}

  def over(self, overrides: Mapping[str, Any]) -> 'Recipe':
    """This recipe with further overrides, which win."""
    return dataclasses.replace(self, overrides={**self.overrides, **overrides})

  def dry_run(self) -> None:
    """Patches without data, so that a wrong override is told at once, not after the data was read.

    Raises:
      ConfigError: naming every override that does not fit.
    """
    request = patch.Request(
      None, '', '', '', self.num_steps, self.batch_size, self.mode, self.checkpoint or None, self.overrides
    )
    patch.patch(self.base(), request)

  def base(self) -> Config:
    return config_io.parse(self.base_config, self.base_name)

  def request(
    self, train_path: str, eval_path: str, label_map_path: str, labels: Mapping[str, int], folder: str
  ) -> patch.Request:
    """What is asked of the base for these examples; the checkpoint of an archive is unpacked into `folder`.

    train_path, eval_path: glob patterns of the splits' TFRecord files.
    """
    return patch.Request(
      num_classes=max(labels.values(), default=0),
      label_map_path=label_map_path,
      train_path=train_path,
      eval_path=eval_path,
      num_steps=self.num_steps,
      batch_size=self.batch_size,
      mode=self.mode,
      checkpoint=_checkpoint(self.checkpoint, folder),
      overrides=self.overrides,
    )


def read(
  base: str,
  num_steps: int,
  batch_size: int,
  mode: str = 'scratch',
  checkpoint: str | None = None,
  overrides: Mapping[str, Any] | str | None = None,
  check_checkpoint: bool = True,
) -> Recipe:
  """Reads the base and checks what can be checked before anything runs.

  Args:
    base: a built-in name, or the path of a pipeline.config, a zoo archive (.tar.gz), or a folder that holds one.
    num_steps: optimizer steps; the learning-rate schedule is stretched to them.
    batch_size: images a step; the learning rate is scaled to it.
    mode: scratch, fine_tune, classification, feature_extraction or resume; see transfer.
    checkpoint: prefix, file, folder or archive of the checkpoint that mode starts from; the base's own if not given.
    overrides: {dotted path in pipeline.config or short form: value}, or a text proto fragment.
    check_checkpoint: False where the checkpoint can be seen by the remote step alone.

  Raises:
    ConfigError: everything that is wrong in one message: no such checkpoint, an unknown mode or one that contradicts
      the checkpoint, an override that does not fit; before all these, a base that is not there or does not parse.
  """
  found = read_base(base)
  start = zoo.verified(checkpoint) if checkpoint else ''
  if not start and mode != 'scratch':
    start = found.checkpoint  # a zoo download brings its own
  settings = {'text': overrides} if isinstance(overrides, str) else dict(overrides or {})
  problems = transfer.problems(mode, start)
  recipe = Recipe(found.name, found.text, start, '', 'scratch' if problems else mode, num_steps, batch_size, settings)
  fingerprint = ''
  with collected(problems):
    recipe.dry_run()
  with collected(problems):
    fingerprint = _fingerprint(start) if start and check_checkpoint else ''
  if problems:
    raise ConfigError(joined(problems))
  return dataclasses.replace(recipe, checkpoint_fingerprint=fingerprint)


def complete_config(base: Config, request: patch.Request, truth: split_boxes.SplitBoxes) -> Config:
  """The patched config; with fit_anchors among the overrides, its anchors follow the boxes, unless overridden too."""
  complete = patch.patch(base, request)
  if not request.overrides.get(shorthand.FIT_ANCHORS):
    return complete
  suggestions = anchors.suggest(complete, data_checks.in_model_pixels(complete, truth))
  return patch.patch(base, dataclasses.replace(request, overrides={**suggestions, **request.overrides}))


def _fingerprint(start: str) -> str:
  return files.sha256(start) if zoo.is_archive(start) else checkpoints.fingerprint(checkpoints.find(start))


def _checkpoint(start: str, folder: str) -> str | None:
  """The prefix to start from; that of an archive is unpacked below `folder`, where the trainer finds it."""
  if not start:
    return None
  if zoo.is_archive(start):
    return zoo.unpack_checkpoint(start, files.join(folder, model_folder.CHECKPOINT))
  return checkpoints.find(start)
