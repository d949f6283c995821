"""Writes a trained model's folder; detection/model_folder.py says what is in it."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from detection import model_folder
from detection.base import files, local_copies
from detection.odapi import label_map
from detection.odapi.model import export
from detection.odapi.model.engine import Engine


def export_model(
  engine: Engine, folder: str, config_text: str, labels: Mapping[str, int], limits: export.Limits
) -> None:
  """Writes SavedModel, checkpoint, pipeline.config and label map of the weights in `engine`.

  Args:
    engine: its model holds the weights to export.
    folder: the model's folder.
    config_text: the pipeline.config, as its file holds it.
    labels: {class name: id}.
    limits: on what the exported model returns.
  """
  model = export.standalone(engine)
  with local_copies.writable(folder) as written:
    with files.whole_directory(model_folder.serving(written)) as directory:
      export.save(model, directory, labels, limits)
    # As the OD API's exporter leaves it: one checkpoint with the model alone, ckpt-0, to fine-tune from.
    checkpoint = tf.train.Checkpoint(model=model)
    checkpoints = files.join(written, model_folder.CHECKPOINT)
    tf.train.CheckpointManager(checkpoint, checkpoints, max_to_keep=1).save(checkpoint_number=0)
    files.write_text(files.join(written, model_folder.PIPELINE_CONFIG), config_text)
    files.write_text(files.join(written, model_folder.LABEL_MAP), label_map.dump(labels))
