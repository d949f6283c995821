"""The files of a folder of predictions, beside the annotated copies of the images:

predictions.json     always; it marks the folder as one of predictions
predictions.csv      where asked for
voc/<copy>.xml       where asked for; one for each image, none for videos
"""

import pathlib
from collections.abc import Collection, Mapping, Sequence

from detection.base import files
from detection.base.errors import DataError
from detection.inference import predictions
from detection.inference.predictions import Predicted

JSON_FILE = 'predictions.json'
CSV_FILE = 'predictions.csv'
VOC_FOLDER = 'voc'


def write(
  folder: pathlib.Path,
  predicted: Sequence[Predicted],
  copies: Mapping[str, pathlib.Path],
  formats: Collection[str],
  min_score: float,
) -> None:
  """Writes predictions.

  Args:
    folder: made if it is not there.
    predicted: images and frames; JSON and CSV hold all their detections.
    copies: {image or video: its annotated copy}, whose name an image's XML file gets.
    formats: of 'csv' and 'voc'; JSON is always written.
    min_score: VOC XML holds the detections from this score up.

  Raises:
    DataError: if a file cannot be written.
  """
  if 'csv' in formats:
    write_whole(folder / CSV_FILE, predictions.table(predicted).encode('utf-8'))
  if 'voc' in formats:
    for one in predicted:
      if one.frame is None:
        xml = folder / VOC_FOLDER / f'{copies[one.file].stem}.xml'
        write_whole(xml, predictions.voc_xml(one, min_score))
  write_whole(folder / JSON_FILE, predictions.coco_json(predicted).encode('utf-8'))


def write_whole(target: pathlib.Path, content: bytes) -> None:
  """Writes a file that appears whole or not at all. Raises DataError if it cannot be written."""
  try:
    files.write_bytes(str(target), content)
  except OSError as error:
    raise DataError(f'{target}: cannot be written: {error.strerror}.') from error
