"""Reads label map and boxes, completes the base config, checks it against the data, writes it all."""

import json
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components import artifacts
from detection.base import files
from detection.odapi import label_map as label_maps
from detection.odapi.config import config_io
from detection.pipeline_config import changes, data_checks, hyperparameters, recipe, split_boxes


class Executor(base_executor.BaseExecutor):
  """See ConfigPatcher."""

  def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
    """Writes pipeline.config and what was found. Properties as in ConfigPatcherSpec; overrides is a JSON object."""
    examples = artifact_utils.get_single_instance(input_dict['examples'])
    target = artifact_utils.get_single_uri(output_dict['pipeline_config'])
    label_map_path = files.join(artifact_utils.get_single_uri(input_dict['label_map']), artifacts.LabelMap.FILE_NAME)
    labels = label_maps.parse_shared(files.read_text(label_map_path), label_map_path)
    wanted = recipe.Recipe.of(exec_properties)
    found = input_dict.get('hyperparameters')
    tuned = hyperparameters.read(artifact_utils.get_single_uri(found)) if found else {}
    request = wanted.over(tuned).request(
      artifacts.split_pattern(examples, 'train'),
      artifacts.split_pattern(examples, 'eval'),
      label_map_path,
      labels,
      target,
    )
    truth = split_boxes.read(request.train_path)
    complete = recipe.complete_config(wanted.base(), request, truth)
    found = data_checks.check(complete, truth, labels)
    for warning in found.warnings:
      print(f'pipeline.config: {warning}', flush=True)
    explained = changes.between(wanted.base(), complete, tuple(wanted.overrides), tuple(tuned))
    contents = {
      changes.FILE_NAME: changes.render(explained, wanted.base_name),
      data_checks.TEXT_NAME: data_checks.render(found),
      data_checks.JSON_NAME: json.dumps(found.to_dict(), indent=2),
      artifacts.PipelineConfig.FILE_NAME: config_io.dump(complete),
    }
    for name, text in contents.items():
      files.write_text(files.join(target, name), text)
