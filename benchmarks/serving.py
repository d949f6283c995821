"""The exported SavedModel against the OD API's exporter_main_v2, of the same checkpoint, side by side in one process.

    python -m benchmarks.serving MODEL... --images DIR [--count 500] [--rounds 40] [--classes 3] [--work DIR]

MODEL is a trainer's model folder, or the name of a built-in base, whose weights are then drawn at random. For each:
both exports; whether they find the same in `count` images, half of them from DIR, if it has as many, and the others
drawn; and how long one image (pixels) and a batch of 8 (JPEG bytes) take. Calls alternate, and ratios are of pairs, so
that a busy machine slows both sides. CPU milliseconds, of all threads, stand beside them. exporter_main_v2 takes one
image as pixels and a batch only as bytes; that is why. `--work` keeps the exports for another run.
"""

import argparse
import dataclasses
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import numpy as np
from scipy import optimize

from benchmarks.command import table

_BATCH = 8
_SAME_BOX = 1e-4  # of the image
_LIKE_SCORE = 1e-3  # of detections that are compared
_SAME_SCORE = 1e-5
_TIE = 2e-6  # detections whose scores are so close may change places


@dataclasses.dataclass(frozen=True)
class Exports:
  """Folders of SavedModels, and the seconds that each took. theirs: for pixels, and for bytes."""

  ours: Path
  theirs: tuple[Path, Path]
  seconds: dict[str, float]


def export(model: str, folder: Path, classes: int) -> Exports:
  """Exports both sides, but for what is in the folder already."""
  import tensorflow as tf

  from detection.odapi.model import building
  from detection.odapi.model import export as exporting

  from object_detection import exporter_lib_v2  # isort: skip  what breaks in it is mended by now

  config, checkpoint = _checkpoint(model, folder, classes)
  exports = Exports(folder / 'ours', (folder / 'pixels' / 'saved_model', folder / 'bytes' / 'saved_model'), {})
  kinds = {'pixels': 'image_tensor', 'bytes': 'encoded_image_string_tensor'}
  for name, kind in kinds.items():
    if not (folder / name / 'saved_model' / 'saved_model.pb').exists():
      begun = time.perf_counter()
      exporter_lib_v2.export_inference_graph(kind, config, str(checkpoint.parent), str(folder / name))
      exports.seconds[name] = time.perf_counter() - begun
  if not (exports.ours / 'saved_model.pb').exists():
    built = building.build_model(config)
    tf.train.Checkpoint(model=built).restore(str(checkpoint)).expect_partial()
    begun = time.perf_counter()
    labels = {f'class {number}': number for number in range(1, built.num_classes + 1)}
    exporting.save(built, str(exports.ours), labels)
    exports.seconds['ours'] = time.perf_counter() - begun
  return exports


def _checkpoint(model: str, folder: Path, classes: int) -> tuple[Any, Path]:
  """(pipeline.config, prefix of the checkpoint) of a model folder, or of a base with weights drawn at random."""
  import tensorflow as tf

  from detection import model_folder
  from detection.odapi.config import config_io
  from detection.odapi.model import building
  from detection.pipeline_config import builtin_bases

  if os.path.isdir(model):
    text = (Path(model) / model_folder.PIPELINE_CONFIG).read_text()
    return config_io.parse(text), Path(model_folder.checkpoint_prefix(model))
  config = config_io.parse(builtin_bases.text(model))
  getattr(config.model, config.model.WhichOneof('model')).num_classes = classes
  prefix = folder / model_folder.CHECKPOINT / model_folder.CHECKPOINT_NAME
  if not prefix.with_suffix('.index').exists():
    built = building.build_model(config)
    # In training Faster R-CNN's first stage takes one image, which is large.
    spread(built, count=1 if config.model.HasField('faster_rcnn') else 4)
    saver = tf.train.CheckpointManager(tf.train.Checkpoint(model=built), str(prefix.parent), max_to_keep=1)
    saver.save(checkpoint_number=0)
  return config, prefix


def spread(model: Any, count: int) -> None:
  """Draws batch norm's numbers and measures its moments on so many images, and widens the scores.

  With the moments that a new model has, all that passes fifty layers vanishes: every image looks alike.
  """
  import tensorflow as tf

  from detection.odapi.model import building
  from detection.sample_data import draw

  rng = np.random.default_rng(0)
  for variable in building.all_variables(model):
    name = variable.name.lower()
    if 'gamma' in name:
      variable.assign(rng.uniform(0.7, 1.5, variable.shape))
    elif 'beta' in name:
      variable.assign(rng.normal(0, 0.1, variable.shape))
    elif 'class' in name and 'kernel' in name:
      variable.assign(5 * variable)
  for layer in tf.train.TrackableView(model).descendants():
    if hasattr(layer, 'moving_variance'):
      layer.momentum, layer._training = 0.0, None  # the moments of one batch; also where the config freezes them
  images = np.stack([np.array(draw.draw((240, 180), random.Random(seed))[0], np.float32) for seed in range(count)])
  with building.mode(model, training=True):
    model.predict(*model.preprocess(tf.constant(images)))


def pictures(folder: str, count: int) -> list[np.ndarray]:
  """uint8 [height, width, 3]: photographs of the folder, as many drawn ones, `count` in all."""
  from PIL import Image

  from detection.sample_data import draw

  paths = sorted(Path(folder).iterdir())[: count // 2]
  photographs = [np.array(Image.open(path).convert('RGB')) for path in paths]
  rng = random.Random(0)
  drawn = [np.array(draw.draw((240, 180), rng)[0]) for _ in range(count - len(photographs))]
  return photographs + drawn


def differences(ours: Callable, theirs: Callable, images: Sequence[np.ndarray]) -> dict[str, float]:
  """How far the two sides' detections differ over all images, which are asked one by one.

  Each of ours is compared with the one of theirs that is most like it. `only on one side` has none like it; `other
  score` differs by more than _SAME_SCORE; `out of order` stands elsewhere than its partner, in a tie or not.
  """
  counts = dict.fromkeys(
    ('detections', 'different scores', 'only on one side', 'other score', 'tied, out of order', 'out of order'), 0
  )
  found = {'images': len(images), 'score': 0.0, 'box': 0.0, **counts}
  seen: set[float] = set()
  for image in images:
    a, b = (_found(side(image[np.newaxis])) for side in (ours, theirs))
    seen |= set(b.scores.tolist())
    found['detections'] += len(b)
    boxes = np.abs(a.boxes[:, np.newaxis] - b.boxes).max(axis=2, initial=0.0)
    scores = np.abs(a.scores[:, np.newaxis] - b.scores)
    apart = np.where(
      (a.classes[:, np.newaxis] == b.classes) & (boxes < _SAME_BOX) & (scores < _LIKE_SCORE), scores, 1.0
    )
    rows, columns = optimize.linear_sum_assignment(apart + boxes)
    alike = apart[rows, columns] < 1
    rows, columns = rows[alike], columns[alike]
    found['only on one side'] += len(a) + len(b) - 2 * len(rows)
    found['other score'] += int((scores[rows, columns] > _SAME_SCORE).sum())
    found['score'] = max(found['score'], scores[rows, columns].max(initial=0.0))
    found['box'] = max(found['box'], boxes[rows, columns].max(initial=0.0))
    moved = np.flatnonzero(columns != np.sort(columns))
    tied = np.abs(b.scores[columns[moved]] - b.scores[np.sort(columns)[moved]]) < _TIE
    found['tied, out of order'] += int(tied.sum())
    found['out of order'] += int((~tied).sum())
  return found | {'different scores': len(seen)}


def _found(outputs: Any) -> Any:
  from detection.detections import Detections

  one = {name: value.numpy()[0] for name, value in outputs.items()}
  names = ('detection_boxes', 'detection_classes', 'detection_scores')
  return Detections(*(one[name][: int(one['num_detections'])] for name in names))


def alternating(sides: Sequence[Callable[[], Any]], rounds: int) -> tuple[np.ndarray, np.ndarray]:
  """(wall milliseconds [rounds, sides], CPU milliseconds [rounds, sides]) of calls that take turns."""
  for side in sides:
    for _ in range(3):
      side()
  wall, cpu = np.zeros((2, rounds, len(sides)))
  for turn in range(rounds):
    for number, side in enumerate(sides):
      begun = time.perf_counter(), time.process_time()
      side()
      wall[turn, number] = 1000 * (time.perf_counter() - begun[0])
      cpu[turn, number] = 1000 * (time.process_time() - begun[1])
  return wall, cpu


def compare(name: str, exports: Exports, images: Sequence[np.ndarray], rounds: int) -> list[list[str]]:
  """Prints what differs; returns the rows of times."""
  import tensorflow as tf

  loaded, seconds = [], []
  for folder in (exports.ours, *exports.theirs):
    begun = time.perf_counter()
    loaded.append(tf.saved_model.load(str(folder)))  # kept: signatures are held by weak references only
    seconds.append(time.perf_counter() - begun)
  ours, pixels, encoded = (model.signatures for model in loaded)

  def our(image: Any) -> Any:
    return ours['serving_default'](input_tensor=tf.constant(image))

  def their(image: Any) -> Any:
    return pixels['serving_default'](input_tensor=tf.constant(image))

  found = ', '.join(f'{what} {_short(value)}' for what, value in differences(our, their, images).items())
  sizes = ', '.join(f'{_megabytes(folder):.1f}' for folder in (exports.ours, exports.theirs[0]))
  print(f'{name}: {found}', flush=True)
  print(
    f'  ours, theirs: MB {sizes}; load {seconds[0]:.1f}, {seconds[1]:.1f} s; export s {exports.seconds}', flush=True
  )
  one = images[0][np.newaxis]
  batch = tf.constant([tf.io.encode_jpeg(image).numpy() for image in images[:_BATCH]])
  calls = {
    '1 image': (lambda: our(one), lambda: their(one)),
    f'batch of {_BATCH}': (
      lambda: ours['image_bytes'](image_bytes=batch),
      lambda: encoded['serving_default'](input_tensor=batch),
    ),
  }
  return [[name, what, *_row(*alternating(sides, rounds))] for what, sides in calls.items()]


def _short(value: float) -> str:
  return str(value) if isinstance(value, int) else f'{value:.2g}'


def _row(wall: np.ndarray, cpu: np.ndarray) -> list[str]:
  ratios = wall[:, 1] / wall[:, 0]
  low, middle, high = np.percentile(ratios, (25, 50, 75))
  times = [f'{value:.1f}' for value in (*np.median(wall, axis=0), *np.median(cpu, axis=0))]
  return [*times, f'{middle:.2f} ({low:.2f} to {high:.2f})', f'{np.median(cpu[:, 1]) / np.median(cpu[:, 0]):.2f}']


def _megabytes(folder: Path) -> float:
  return sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('models', nargs='+', metavar='MODEL')
  parser.add_argument('--images', required=True)
  for option, default in (('count', 500), ('rounds', 40), ('classes', 3)):
    parser.add_argument(f'--{option}', type=int, default=default)
  parser.add_argument('--work', type=Path)
  args = parser.parse_args()
  images = pictures(args.images, args.count)
  rows: list[list[str]] = []
  with tempfile.TemporaryDirectory() as scratch:
    for model in args.models:
      name = Path(model).name
      folder = (args.work or Path(scratch)) / name
      rows += compare(name, export(model, folder, args.classes), images, args.rounds)
  columns = ('model', 'call', 'ours ms', 'theirs ms', 'ours CPU ms', 'theirs CPU ms', 'ratio (quartiles)', 'CPU ratio')
  print('\n'.join(table(columns, rows)))


if __name__ == '__main__':
  main()
