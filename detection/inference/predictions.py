"""Predictions as files: COCO results JSON, CSV, and VOC XML that labelImg opens and ingestion reads again."""

import csv
import dataclasses
import io
import json
import os
import xml.etree.ElementTree as ET  # only to write; reading goes through defusedxml
from collections.abc import Iterator, Sequence

import numpy as np

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


def corners(predicted: Predicted) -> np.ndarray:
  """(xmin, ymin, xmax, ymax) of each detection in pixels, inside the image: [M, 4] float64."""
  return predicted.detections.boxes[:, [1, 0, 3, 2]].astype(float).clip(0, 1) * (predicted.size * 2)


def coco_json(predictions: Sequence[Predicted]) -> str:
  """A list as pycocotools' loadRes reads it, pixels, with names beside the ids; scores from MIN_STORED_SCORE up."""
  # A hundred detections an image make this long. So texts are encoded once, numbers an image at a time; json.dumps of
  # dicts took five times as long.
  return '[\n' + ',\n'.join(row for one in predictions for row in _json_rows(one)) + '\n]\n'


def _json_rows(one: Predicted) -> Iterator[str]:
  frame = '' if one.frame is None else f'"frame": {one.frame}, '
  image = f'{{"image_id": {one.number}, "file_name": {json.dumps(one.file)}, {frame}"category_id": '
  sides = corners(one)
  sides[:, 2:] -= sides[:, :2]
  found = one.detections
  quoted = {name: json.dumps(name) for name in set(found.names)}
  rows = zip(found.classes.tolist(), found.names, sides.tolist(), found.scores.tolist(), strict=True)
  for class_id, name, box, score in rows:
    left, top, width, height = box
    bbox = f'[{left:.2f}, {top:.2f}, {width:.2f}, {height:.2f}]'
    yield f'{image}{class_id}, "category_name": {quoted[name]}, "bbox": {bbox}, "score": {score:.5f}}}'


def table(predictions: Sequence[Predicted]) -> str:
  """CSV with a header line; corners in pixels, `frame` empty for images."""
  out = io.StringIO()
  writer = csv.writer(out, lineterminator='\n')
  writer.writerow(_FIELDS)
  for one in predictions:
    found = one.detections
    for box, class_id, score, name in zip(corners(one).tolist(), found.classes, found.scores, found.names, strict=True):
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
  found = predicted.detections
  for box, name, score in zip(corners(predicted).tolist(), found.names, found.scores, strict=True):
    if score >= min_score:
      element = ET.SubElement(root, 'object')
      for tag, text in (('name', name), ('pose', 'Unspecified'), ('truncated', '0'), ('difficult', '0')):
        ET.SubElement(element, tag).text = text
      bounds = ET.SubElement(element, 'bndbox')
      for tag, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), box, strict=True):
        ET.SubElement(bounds, tag).text = str(round(value))
  ET.indent(root)
  return ET.tostring(root, encoding='utf-8') + b'\n'
