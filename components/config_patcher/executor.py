"""Reads label map and boxes, completes the base config, checks it against the data, writes it all."""

import json
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import artifacts
from detection.base import files
from detection.odapi import label_map as label_maps
from detection.odapi.config import config_io
from detection.pipeline_config import changes, data_checks, hyperparameters, split_boxes
from detection.pipeline_config.recipe import Recipe, complete_config


class Executor(base_executor.BaseExecutor):
  """See ConfigPatcher."""

  def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
    """Writes pipeline.config and what was found. Properties as in ConfigPatcherSpec; overrides is a JSON object."""
    examples = artifact_utils.get_single_instance(input_dict['examples'])
    target = artifact_utils.get_single_uri(output_dict['pipeline_config'])
    label_map_path = files.join(artifact_utils.get_single_uri(input_dict['label_map']), artifacts.LabelMap.FILE_NAME)
    labels = label_maps.parse_shared(files.read_text(label_map_path), label_map_path)
    tuned = _tuned(input_dict)
    recipe = Recipe.from_parameters(exec_properties)
    request = recipe.with_overrides(tuned).request(
      artifacts.split_pattern(examples, 'train'),
      artifacts.split_pattern(examples, 'eval'),
      label_map_path,
      labels,
      target,
    )
    split = split_boxes.read(request.train_path)
    complete = complete_config(recipe.base(), request, split)
    checks = data_checks.check(complete, split, labels)
    for warning in checks.warnings:
      print(f'pipeline.config: {warning}', flush=True)
    changed = changes.between(recipe.base(), complete, tuple(recipe.overrides), tuple(tuned))
    contents = {
      changes.FILE_NAME: changes.render(changed, recipe.base_name),
      data_checks.TEXT_NAME: data_checks.render(checks),
      data_checks.JSON_NAME: json.dumps(checks.to_dict(), indent=2),
      artifacts.PipelineConfig.FILE_NAME: config_io.dump(complete),
    }
    for name, text in contents.items():
      files.write_text(files.join(target, name), text)


def _tuned(input_dict: dict[str, Any]) -> dict[str, Any]:
  """The values that a search found, {dotted path or short form: value}; empty if there was no search."""
  artifact = input_dict.get('hyperparameters')
  return hyperparameters.read(artifact_utils.get_single_uri(artifact)) if artifact else {}
