"""CropClassifier's executor: a detector and labelled examples in, a model that finds and names out."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils

from components.artifacts import LabelMap
from components.crop_classifier.settings import TwoStageSettings
from detection import kept_scans
from detection.base import files
from detection.base.settings import parse_settings
from detection.crops import refit, source_images
from detection.odapi import label_map
from detection.odapi.model.export import Limits

Artifacts = Mapping[str, Sequence[artifact.Artifact]]


class Executor(base_executor.BaseExecutor):
  """See CropClassifier."""

  def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Mapping[str, Any]) -> None:
    """Fits and exports.

    Raises:
      DataError: if the detector cannot be read, or the train split has fewer than two classes.
    """
    settings = parse_settings(TwoStageSettings, json.loads(exec_properties['settings']), 'two_stage')
    labels_path = files.join(artifact_utils.get_single_uri(list(input_dict['label_map'])), LabelMap.FILE_NAME)
    labels = label_map.parse(files.read_text(labels_path), labels_path)
    path = settings.detector or artifact_utils.get_single_uri(list(input_dict['detector']))
    split = artifact_utils.get_split_uri(list(input_dict['examples']), 'train')
    paths = sorted(files.glob(files.join(split, '*')))

    detector = refit.load_detector(path, settings.backbone)
    fitted = _fit(detector, paths, settings.classifier)
    limits = Limits(float(exec_properties['score_threshold']), exec_properties.get('max_detections'))
    target = artifact_utils.get_single_uri(list(output_dict['model']))
    refit.write(target, detector, fitted, labels, settings.max_boxes, limits)
    accuracy = fitted.head.accuracy
    sure = 'too few images to cross-validate' if accuracy is None else f'cross-validated accuracy {accuracy:.3f}'
    print(f'classifier: {sum(fitted.objects.values())} objects of {len(fitted.objects)} classes, {sure}', flush=True)


def _fit(detector: refit.FrozenDetector, paths: Sequence[str], kind: str) -> refit.FittedClassifier:
  """Fits a classifier to as many records as it needs, if it was kept what is in them all; else to all of them."""
  images, kept = source_images.from_records(paths), kept_scans.read(paths)
  if len(kept) < len(paths):
    return refit.fit(detector, images, kind)
  totals = sum((Counter(scan.objects) for scan in kept.values()), Counter())
  fitted = refit.fit(detector, source_images.until_enough(images, totals, refit.MOST_OF_CLASS), kind)
  return dataclasses.replace(fitted, most_in_an_image=max(scan.most_objects for scan in kept.values()))
