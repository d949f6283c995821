"""What the benchmarks that train on drawn images share: examples, a short training, a score."""

import argparse
import contextlib
import io
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from components.evaluator import inference
from components.trainer import executor
from components.voc_example_gen import plan, tf_example
from components.voc_example_gen.ingest import ShardWriter
from components.voc_example_gen.settings import IngestSettings
from detection.inference.detector import Detector
from detection.metrics import coco, results
from detection.odapi import label_map
from detection.odapi.config import config_io
from detection.odapi.model.export import Limits
from detection.pipeline_config import catalogue, ground_truth, patch, recipe
from detection.sample_data import draw
from detection.sample_data.domains import DOMAINS, Domain
from detection.training import training
from detection.training.adaptation import Adaptation
from detection.training.settings import TrainSettings

LABELS = {name: number for number, name in enumerate(draw.CLASSES, start=1)}
SIZE = (240, 180)
BASE = 'ssd_mobilenet_v2_fpnlite_cpu_160'


def main(doc: str, run: Callable[[Path, argparse.Namespace], str], **defaults: Any) -> None:
  """The command of a benchmark: runs it in a folder of its own and prints the table that it returns.

  Args:
    doc: of the module; tells what its options are.
    run: does the work, given the folder and the options.
    defaults: {option: default, which also says of what kind it is}.
  """
  parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
  for name, default in defaults.items():
    parser.add_argument(f'--{name.replace("_", "-")}', type=type(default), default=default, help=f'default {default}')
  parser.add_argument('--output', type=Path, help='also write the table here')
  options = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    found = run(Path(folder), options)
  print(found)
  if options.output:
    options.output.write_text(found)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
  """Lines of a Markdown table."""
  below = (f'| {" | ".join(str(cell) for cell in row)} |' for row in rows)
  return [f'| {" | ".join(columns)} |', f'|{"---|" * len(columns)}', *below]


def write(
  path: Path,
  count: int,
  seed: int,
  domain: str = 'plain',
  name: Callable[[str], str] = str,
  away: int = 1,
) -> str:
  """Draws `count` images into one TFRecord file; returns its path.

  Args:
    path: of the file. count: of images. seed: equal ones give equal images. domain: of sample_domains.DOMAINS.
    name: what a shape's class is called in the file.
    away: objects are so many times smaller, and the square of it more, as from further away.
  """

  def pictures() -> Iterator[tuple[Image.Image, list[draw.Shape]]]:
    for number in range(count):
      image, shapes = _draw(random.Random(f'{seed}/{number}'), DOMAINS[domain], away)
      yield image, [shape._replace(label=name(shape.label)) for shape in shapes]

  return write_pictures(path, pictures())


def write_pictures(path: Path, pictures: Iterable[tuple[Image.Image, list[draw.Shape]]]) -> str:
  """Writes images with the shapes in them into one TFRecord file; returns its path."""
  path.parent.mkdir(parents=True, exist_ok=True)
  with path.open('wb') as file:
    for number, (image, shapes) in enumerate(pictures):
      tf_example.write_record(file, example(image, shapes, f'drawn-{number:04}'))
  return str(path)


def _draw(rng: random.Random, domain: Domain, away: int) -> tuple[Image.Image, list[draw.Shape]]:
  """One drawing; or as many smaller ones as fill an image, side by side."""
  if away == 1:
    return draw.draw(SIZE, rng, domain)
  image, shapes = Image.new('RGB', SIZE), []
  wide, high = (side // away for side in SIZE)
  for place in range(away * away):
    left, top = place % away * wide, place // away * high
    tile, found = draw.draw(SIZE, rng, domain)
    image.paste(tile.resize((wide, high), Image.Resampling.BOX), (left, top))
    for shape in found:
      xmin, ymin, xmax, ymax = (corner / away for corner in shape[1:])
      shapes.append(draw.Shape(shape.label, left + xmin, top + ymin, left + xmax, top + ymax))
  return image, shapes


def ingest(data: Path, target: Path) -> str:
  """Writes every image of a VOC folder into one TFRecord file; returns the pattern that names it."""
  planned = plan.make(str(data), IngestSettings())
  tasks = tuple(task for shard in planned.shards for task in shard.tasks)
  writer = ShardWriter(planned.root, str(target), str(target / 'outcomes'), keep_negatives=True)
  writer.write(plan.Shard('train', 0, 1, tasks))
  return str(target / 'Split-train' / '*')


def example(image: Any, shapes: list[draw.Shape], name: str = 'drawn') -> bytes:
  """A serialized tf.Example of a Pillow image and the shapes in it."""
  encoded = io.BytesIO()
  image.save(encoded, 'JPEG', quality=90)
  width, height = image.size
  features = {
    'image/encoded': ('bytes', [encoded.getvalue()]),
    'image/format': ('bytes', [b'jpeg']),
    'image/source_id': ('bytes', [name.encode()]),
    'image/height': ('int64', [height]),
    'image/width': ('int64', [width]),
    'image/object/class/text': ('bytes', [shape.label.encode() for shape in shapes]),
  }
  for axis, size in (('x', width), ('y', height)):
    for end in ('min', 'max'):
      corners = [getattr(shape, f'{axis}{end}') / size for shape in shapes]
      features[f'image/object/bbox/{axis}{end}'] = ('float', corners)
  return tf_example.serialize(features)


def train(
  folder: Path,
  train_path: str,
  eval_path: str,
  steps: int,
  seed: int = 0,
  labels: Mapping[str, int] = LABELS,
  mode: str = 'scratch',
  checkpoint: str | None = None,
  overrides: Mapping[str, Any] | None = None,
  adaptation: Adaptation | None = None,
  base: str = BASE,
  **settings: Any,
) -> training.Trained:
  """Trains a base at batch 8, evaluated once, at the end; what training prints goes to stderr.

  settings: further TrainSettings.
  """
  import tensorflow as tf

  tf.keras.backend.clear_session()
  folder.mkdir(parents=True, exist_ok=True)
  (folder / 'label_map.pbtxt').write_text(label_map.dump(labels))
  request = patch.Request(
    num_classes=len(labels),
    label_map_path=str(folder / 'label_map.pbtxt'),
    train_path=train_path,
    eval_path=eval_path,
    num_steps=steps,
    batch_size=8,
    mode=mode,
    checkpoint=checkpoint,
    overrides=overrides or {},
  )
  config = recipe.complete_config(config_io.parse(catalogue.text(base)), request, ground_truth.read(train_path))
  wanted = TrainSettings(seed=seed, eval_every=0, export='last', checkpoint_every=10**6, **settings)
  with contextlib.redirect_stdout(sys.stderr):
    return training.train(config, labels, wanted, str(folder / 'work'), adaptation=adaptation)


def export(trained: training.Trained, folder: Path, labels: Mapping[str, int] = LABELS) -> str:
  """The trainer's model folder."""
  executor.write_model(trained, str(folder), config_io.dump(trained.engine.config), labels, Limits())
  return str(folder)


def score(model: str, records: str, labels: Mapping[str, int] = LABELS) -> dict[str, float]:
  """COCO's metrics of a model folder on a TFRecord file, by the project's evaluator."""
  import tensorflow as tf

  detector, parts = Detector(model), []
  for record in tf.data.TFRecordDataset(records).as_numpy_iterator():
    image, encoded = inference.parse(record, labels, records)
    parts.append(results.of_image(image, detector.detect_encoded([encoded])[0].with_ids(labels)))
  return coco.accumulate(results.merge(parts), list(labels.values())).metrics()


def spread(values: Sequence[float], digits: int = 3) -> str:
  """Mean, least and most of several seeds."""
  mean, least, most = (f'{value:.{digits}f}' for value in (statistics.mean(values), min(values), max(values)))
  return f'{mean} ({least} to {most})'
