"""Runs LabelMapGen: counts class names on Beam, writes label_map.pbtxt."""

import json
from typing import Any

import apache_beam as beam
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact, artifact_utils

from components.artifacts import LabelMap
from components.label_map_gen import labels
from detection import kept_scans, records
from detection.base import files
from detection.odapi import label_map


class Executor(base_beam_executor.BaseBeamExecutor):
  """Writes `label_map` from every split of `examples`."""

  def Do(
    self,
    input_dict: dict[str, list[artifact.Artifact]],
    output_dict: dict[str, list[artifact.Artifact]],
    exec_properties: dict[str, Any],
  ) -> None:
    """Counts once, over all splits. The component has checked the pinned label map already.

    Raises:
      DataError: if the examples hold too few class names.
    """
    uri = artifact_utils.get_single_uri(output_dict['label_map'])
    pinned = exec_properties.get('pinned')
    single = exec_properties.get('single_class')
    kept = label_map.parse(pinned, exec_properties.get('pinned_path') or 'pinned label map') if pinned else None
    names = self._class_names(artifact_utils.get_single_instance(input_dict['examples']), files.join(uri, 'names'))
    if exec_properties.get('for_classifier'):
      labels.require_several(names)
    found = labels.one_class(names, single, kept) if single else labels.assign_ids(names, kept)
    files.write_text(files.join(uri, LabelMap.FILE_NAME), label_map.dump(found))

  def _class_names(self, examples: artifact.Artifact, names_uri: str) -> list[str]:
    """Distinct class names of all splits; the records are read only if it was not kept what is in them.

    Beam hands results over in a file, which is removed again.
    """
    splits = artifact_utils.decode_split_names(examples.split_names)
    patterns = [files.join(artifact_utils.get_split_uri([examples], split), '*') for split in splits]
    paths = [path for pattern in patterns for path in files.glob(pattern)]
    kept = kept_scans.read(paths)
    if len(kept) == len(paths):
      return sorted({name for scan in kept.values() for name in scan.objects})
    files.makedirs(names_uri)
    try:
      with self._make_beam_pipeline() as pipeline:
        _ = (
          pipeline
          | 'Patterns' >> beam.Create(patterns)
          | 'Records' >> beam.io.ReadAllFromTFRecord()
          | 'Names' >> beam.FlatMap(lambda record: set(records.class_names(record)))
          | 'Distinct' >> beam.Distinct()
          | 'AsJson' >> beam.Map(json.dumps)
          | 'Write' >> beam.io.WriteToText(files.join(names_uri, 'part'))
        )
      parts = files.glob(files.join(names_uri, 'part*'))
      return [json.loads(line) for part in parts for line in files.read_text(part).splitlines()]
    finally:
      files.rmtree(names_uri)
