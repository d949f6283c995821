"""Reads label map and boxes, completes the base config, checks it against the data, writes it all."""

import dataclasses
import json
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import artifacts, files
from components.config_patcher import anchors, changes, checkpoint, checks, ground_truth, patch, shorthand, zoo
from components.errors import DataError
from components.odapi import config_io
from components.odapi import label_map as label_maps
from components.odapi.protos import pipeline_pb2


class Executor(base_executor.BaseExecutor):
  """See ConfigPatcher."""

  def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
    """Writes pipeline.config and what was found. Properties as in ConfigPatcherSpec; overrides is a JSON object."""
    examples = artifact_utils.get_single_instance(input_dict['examples'])
    target = artifact_utils.get_single_uri(output_dict['pipeline_config'])
    label_map_path = files.join(artifact_utils.get_single_uri(input_dict['label_map']), artifacts.LabelMap.FILE_NAME)
    labels = label_maps.parse(files.read_text(label_map_path), label_map_path)
    overrides = json.loads(exec_properties['overrides'])
    request = patch.Request(
      num_classes=max(labels.values(), default=0),
      label_map_path=label_map_path,
      train_path=_shards(examples, 'train'),
      eval_path=_shards(examples, 'eval'),
      num_steps=int(exec_properties['num_steps']),
      batch_size=int(exec_properties['batch_size']),
      mode=exec_properties['mode'],
      checkpoint=_checkpoint(exec_properties['checkpoint'], target),
      overrides=overrides,
    )
    base = config_io.parse(exec_properties['base_config'], exec_properties['base_name'])
    truth = ground_truth.read(request.train_path)
    complete = complete_config(base, request, truth)
    found = checks.check(complete, truth, labels)
    for warning in found.warnings:
      print(f'pipeline.config: {warning}', flush=True)
    explained = changes.between(base, complete, tuple(overrides))
    contents = {
      changes.FILE_NAME: changes.render(explained, exec_properties['base_name']),
      checks.TEXT_NAME: checks.render(found),
      checks.JSON_NAME: json.dumps(found.to_dict(), indent=2),
      artifacts.PipelineConfig.FILE_NAME: config_io.dump(complete),
    }
    for name, text in contents.items():
      files.write_text(files.join(target, name), text)


def complete_config(
  base: pipeline_pb2.TrainEvalPipelineConfig, request: patch.Request, truth: ground_truth.GroundTruth
) -> pipeline_pb2.TrainEvalPipelineConfig:
  """The patched config; with fit_anchors among the overrides, its anchors follow the boxes, unless overridden too."""
  complete = patch.patch(base, request)
  if not request.overrides.get(shorthand.FIT_ANCHORS):
    return complete
  suggestions = anchors.suggest(complete, checks.in_model_pixels(complete, truth))
  return patch.patch(base, dataclasses.replace(request, overrides={**suggestions, **request.overrides}))


def _checkpoint(start: str, target: str) -> str | None:
  """The prefix to start from; that of an archive is unpacked beside pipeline.config, where the trainer finds it."""
  if not start:
    return None
  if zoo.is_archive(start):
    return zoo.unpack_checkpoint(start, files.join(target, zoo.CHECKPOINT_FOLDER))
  return checkpoint.find(start)


def _shards(examples: Any, split: str) -> str:
  """The glob pattern of a split's TFRecord files."""
  splits = artifact_utils.decode_split_names(examples.split_names)
  if split not in splits:
    raise DataError(f'{examples.uri}: no split "{split}". Expected train and eval, received {", ".join(splits)}.')
  return files.join(artifact_utils.get_split_uri([examples], split), '*')
