"""TFLiteExporter's executor: a trained model in, .tflite files out."""

import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact, artifact_utils

from components import files, lite
from components.artifacts import LabelMap, PipelineConfig
from components.errors import DataError

CALIBRATION_IMAGES = 100

Artifacts = Mapping[str, Sequence[artifact.Artifact]]


class Executor(base_executor.BaseExecutor):
  """See TFLiteExporter."""

  def Do(self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Mapping[str, Any]) -> None:  # noqa: N802
    """Converts the model to every kind.

    Raises:
      ConfigError: if the model is of a family that cannot be converted.
      DataError: if int8 is asked for and the split has no images.
    """
    from components.odapi import config_io, export, label_map, tflite

    model = artifact_utils.get_single_uri(list(input_dict['model']))
    target = artifact_utils.get_single_uri(list(output_dict['tflite']))
    config_path, labels_path = (files.join(model, name) for name in (PipelineConfig.FILE_NAME, LabelMap.FILE_NAME))
    labels = label_map.parse(files.read_text(labels_path), labels_path)
    limits = export.Limits(float(exec_properties['score_threshold']), exec_properties.get('max_detections'))
    config = config_io.parse(files.read_text(config_path), config_path)
    convertible = tflite.Convertible(config, files.join(model, 'checkpoint', 'ckpt-0'), limits)
    for kind in json.loads(exec_properties['kinds']):
      begun = time.monotonic()
      images: list[np.ndarray] = []
      if kind == 'int8':
        uris = artifact_utils.get_split_uris(list(input_dict['examples']), exec_properties['split'])
        images = [convertible.fitting.fit(image, *convertible.size)[0] for image in _images(uris)]
      file = lite.pack(convertible.convert(kind, images), labels, convertible.fitting)
      files.write_bytes(files.join(target, kind + lite.SUFFIX), file)
      print(f'{kind}{lite.SUFFIX}: {len(file) / 1e6:.1f} MB in {time.monotonic() - begun:.1f} s', flush=True)


def _images(uris: Sequence[str]) -> Iterator[np.ndarray]:
  """The first images of the splits, uint8 [H, W, 3].

  Raises:
    DataError: if there is none.
  """
  import tensorflow as tf

  paths = sorted(path for uri in uris for path in fileio.glob(files.join(uri, '*')))
  feature = {'image/encoded': tf.io.FixedLenFeature([], tf.string)}
  records = tf.data.TFRecordDataset(paths) if paths else ()
  found = False
  for record in itertools.islice(records, CALIBRATION_IMAGES):
    found = True
    encoded = tf.io.parse_single_example(record, feature)['image/encoded']
    yield tf.io.decode_image(encoded, channels=3, expand_animations=False).numpy()
  if not found:
    raise DataError('export.tflite: int8 is calibrated on the eval split, which has no images. See data.split.')
