"""DetectionPusher's executor: publishes a blessed model as a version."""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils

from components.artifacts import LabelMap
from components.pusher import batching, model_card, publish, versions, warmup
from detection import model_folder, tracking
from detection.base import files
from detection.odapi import label_map

PUSHED_FILE = 'pushed.json'

Artifacts = Mapping[str, Sequence[artifact.Artifact]]


class Executor(base_executor.BaseExecutor):
  """Publishes the model if it is blessed, and records in `pushed_model` what it did."""

  def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Mapping[str, Any]) -> None:
    """Publishes the model, or leaves it if it is not blessed.

    Raises:
      ConfigError: if the destination cannot be written.
      DataError: if the model is not complete.
    """
    pushed = artifact_utils.get_single_instance(list(output_dict['pushed_model']))
    blessing = artifact_utils.get_single_instance(list(input_dict['model_blessing']))
    if blessing.get_int_custom_property('blessed') != 1:
      pushed.set_int_custom_property('pushed', 0)
      logging.info('Not blessed, so nothing is pushed.')
      return
    model = artifact_utils.get_single_uri(list(input_dict['model']))
    destination, keep = exec_properties['destination'], exec_properties['keep_versions']
    tracker = tracking.from_environment()
    published = publish.publish(model, destination, _contents(model, input_dict), _export_files(input_dict))
    removed = versions.prune(destination, keep) if keep else []
    record = {'destination': published.folder, 'version': str(published.version), 'model': model, 'removed': removed}
    files.write_text(files.join(pushed.uri, PUSHED_FILE), json.dumps(record, indent=2) + '\n')
    pushed.set_int_custom_property('pushed', 1)
    pushed.set_string_custom_property('pushed_destination', published.folder)
    pushed.set_string_custom_property('pushed_version', str(published.version))
    tracker.log_push(published.folder, published.version)
    logging.info('%s %s', 'Already published:' if published.again else 'Pushed to', published.folder)


def _export_files(inputs: Artifacts) -> dict[str, str]:
  """{path below the version: file} of the exported files, if there are any."""
  if not inputs.get('exports'):
    return {}
  uri = artifact_utils.get_single_uri(list(inputs['exports']))
  return {files.join(model_folder.EXPORTS, os.path.basename(path)): path for path in files.glob(files.join(uri, '*'))}


def _contents(model: str, inputs: Artifacts) -> dict[str, bytes]:
  """{path below the version: content}: for the server, and with an evaluation its numbers and the model card."""
  contents = {
    model_folder.WARMUP_REQUESTS: warmup.requests(),
    batching.FILE_NAME: batching.parameters().encode('utf-8'),
  }
  if inputs.get('evaluation'):
    uri = files.join(artifact_utils.get_single_uri(list(inputs['evaluation'])), model_folder.METRICS)
    text = files.read_text(uri)
    path = files.join(model, LabelMap.FILE_NAME)
    labels = label_map.parse(files.read_text(path), where=path)
    contents[model_folder.METRICS] = text.encode('utf-8')
    contents[model_card.FILE_NAME] = model_card.render(json.loads(text), labels).encode('utf-8')
  return contents
