"""Predictions as files: COCO results JSON, CSV, and VOC XML that labelImg opens and ingestion reads again."""

import csv
import dataclasses
import io
import json
import os
import xml.etree.ElementTree as ET  # only to write; reading goes through defusedxml
from collections.abc import Sequence
from typing import Any

from detection.detections import Detections

MIN_STORED_SCORE = 0.01
_FIELDS = ('image_id', 'file_name', 'frame', 'category_id', 'category_name', 'xmin', 'ymin', 'xmax', 'ymax', 'score')


@dataclasses.dataclass(frozen=True)
class Predicted:
  """What was found in one image, or one frame of a video.

  number: from 1, over all images and frames. file: as the user named it. frame: from 0 in a video, else None.
  size: (width, height) in pixels, upright.
  """

  number: int
  file: str
  size: tuple[int, int]
  detections: Detections
  frame: int | None = None


def corners(predicted: Predicted) -> list[tuple[float, float, float, float]]:
  """(xmin, ymin, xmax, ymax) of each detection in pixels, inside the image."""
  width, height = predicted.size
  boxes = predicted.detections.boxes.astype(float).clip(0, 1).tolist()
  return [(xmin * width, ymin * height, xmax * width, ymax * height) for ymin, xmin, ymax, xmax in boxes]


def coco_json(predictions: Sequence[Predicted]) -> str:
  """A list as pycocotools' loadRes reads it, pixels, with names beside the ids; scores from MIN_STORED_SCORE up."""
  rows: list[dict[str, Any]] = []
  for one in predictions:
    found = one.detections
    for box, class_id, score, name in zip(corners(one), found.classes, found.scores, found.names, strict=True):
      xmin, ymin, xmax, ymax = box
      frame = {} if one.frame is None else {'frame': one.frame}
      rows.append(
        {
          'image_id': one.number,
          'file_name': one.file,
          **frame,
          'category_id': int(class_id),
          'category_name': name,
          'bbox': [round(value, 2) for value in (xmin, ymin, xmax - xmin, ymax - ymin)],
          'score': round(float(score), 5),
        }
      )
  # A row a line; json.dumps with an indent would be Python's slow encoder, a fifth of the time of detection.
  return '[\n' + ',\n'.join(json.dumps(row) for row in rows) + '\n]\n'


def table(predictions: Sequence[Predicted]) -> str:
  """CSV with a header line; corners in pixels, `frame` empty for images."""
  out = io.StringIO()
  writer = csv.writer(out, lineterminator='\n')
  writer.writerow(_FIELDS)
  for one in predictions:
    found = one.detections
    for box, class_id, score, name in zip(corners(one), found.classes, found.scores, found.names, strict=True):
      frame = '' if one.frame is None else one.frame
      pixels = [f'{value:.2f}' for value in box]
      writer.writerow([one.number, one.file, frame, class_id, name, *pixels, f'{score:.5f}'])
  return out.getvalue()


def voc_xml(predicted: Predicted, min_score: float) -> bytes:
  """One image as labelImg writes it: every detection of at least `min_score` an object, in whole pixels."""
  root = ET.Element('annotation')
  for tag, text in (('folder', ''), ('filename', os.path.basename(predicted.file)), ('path', predicted.file)):
    ET.SubElement(root, tag).text = text
  size = ET.SubElement(root, 'size')
  for tag, number in zip(('width', 'height', 'depth'), (*predicted.size, 3), strict=True):
    ET.SubElement(size, tag).text = str(number)
  for box, name, score in zip(corners(predicted), predicted.detections.names, predicted.detections.scores, strict=True):
    if score >= min_score:
      element = ET.SubElement(root, 'object')
      for tag, text in (('name', name), ('pose', 'Unspecified'), ('truncated', '0'), ('difficult', '0')):
        ET.SubElement(element, tag).text = text
      bounds = ET.SubElement(element, 'bndbox')
      for tag, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), box, strict=True):
        ET.SubElement(bounds, tag).text = str(round(value))
  ET.indent(root)
  return ET.tostring(root, encoding='utf-8') + b'\n'
