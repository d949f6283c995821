"""Peak memory of an evaluation as the number of images grows.

    python -m benchmarks.eval_memory [--images 1000 10000] [--drawn] [--classes 5] [--against CHECKOUT]

Runs the evaluator's own Beam pipeline and all its metrics, each count in a process of its own, on small JPEGs and a
SavedModel that gives 100 arbitrary boxes an image: the most that metrics have to hold.

With --drawn there is no model and no TensorFlow: what workers write is written with drawn detections, 100 an image.
Those of 2,000 images are matched; each file has them again, with other names and scores. Measured is the process that
reads these files. --against measures an older version as well: a folder with its code, which reads all at once.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

_DETECTIONS = 100
_IMAGES_A_FILE = 2000


def labels(classes: int) -> dict[str, int]:
  return {f'class {number}': number for number in range(1, classes + 1)}


def save_model(folder: str, classes: int) -> None:
  """A SavedModel whose boxes depend on the bytes of the image alone."""
  import tensorflow as tf

  from detection.odapi import label_map

  def one(text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    image = tf.io.decode_image(text, channels=3, expand_animations=False)
    seed = tf.stack([tf.reduce_sum(tf.cast(image, tf.int32)), 0])
    numbers = tf.random.stateless_uniform([_DETECTIONS, 6], seed)
    corners = numbers[:, :2] * 0.7
    boxes = tf.concat([corners, corners + 0.02 + numbers[:, 2:4] * 0.28], axis=1)
    return boxes, tf.floor(numbers[:, 4] * classes) + 1, numbers[:, 5]

  def answer(batch: tf.Tensor) -> dict[str, tf.Tensor]:
    boxes, found, scores = tf.map_fn(one, batch, fn_output_signature=(tf.float32,) * 3)
    count = tf.fill([tf.shape(batch)[0]], float(_DETECTIONS))
    names = ('detection_boxes', 'detection_classes', 'detection_scores', 'num_detections')
    return dict(zip(names, (boxes, found, scores, count), strict=True))

  spec = tf.TensorSpec([None], tf.string, name='image_bytes')
  tf.saved_model.save(tf.Module(), folder, {'image_bytes': tf.function(answer).get_concrete_function(spec)})
  with open(f'{folder}/label_map.pbtxt', 'w') as file:
    file.write(label_map.dump(labels(classes)))


def write_records(path: str, images: int, classes: int) -> None:
  """`images` records of 64 x 64 pixels with three objects each."""
  import numpy as np
  import tensorflow as tf

  from detection import records
  from detection.records import LabelledBox, LabelledImage

  rng = np.random.default_rng(0)
  names = list(labels(classes))
  with open(path, 'wb') as file:
    for number in range(images):
      encoded = tf.io.encode_jpeg(rng.integers(0, 255, (64, 64, 3), np.uint8)).numpy()
      corners = rng.random((3, 2)) * 0.6
      boxes = [
        LabelledBox(str(label), *low, *(low + 0.3)) for label, low in zip(rng.choice(names, 3), corners, strict=True)
      ]
      records.write(file, records.serialize(LabelledImage(encoded, 'jpeg', 64, 64, f'{number:06d}.jpg', boxes)))


def draw(folder: str, images: int, classes: int) -> None:
  """Writes what workers write of images that benchmarks.eval_metrics draws."""
  import dataclasses

  import numpy as np

  from benchmarks import eval_metrics
  from detection.metrics import portions, results

  drawn = eval_metrics.synthetic(min(images, _IMAGES_A_FILE), _DETECTIONS, classes)
  merged = results.merge(results.of_image(*pair) for pair in drawn)
  matched = portions.of(merged, 0.5)
  rng = np.random.default_rng(1)
  for start in range(0, images, _IMAGES_A_FILE):
    part = results.select(merged, np.arange(min(_IMAGES_A_FILE, images - start)))
    whole = len(part.names) == len(merged.names)
    names = np.array([f'{(start + number) * 7919 % 10**8:08d}.jpg' for number in range(len(part.names))])
    # Other scores in the same order, in each image.
    scores = np.minimum(part.scores * rng.uniform(0.9, 1.0, len(part.names))[part.image], 1)
    portion = matched if whole else portions.of(part, 0.5)
    renamed = dataclasses.replace(portion.results, names=np.sort(names), scores=scores)
    dataclasses.replace(portion, results=renamed).save(f'{folder}/part-{start:09d}.npz')


def measure_files(folder: str, classes: int) -> None:
  """Evaluates what `draw` wrote, then prints."""
  import glob

  import numpy as np

  from components.evaluator import evaluation

  begun = time.perf_counter(), time.process_time()
  try:
    from components.evaluator import inference

    scored = evaluation.score(inference.matched(folder), labels(classes), evaluation.Settings())
    images = scored.images
  except AttributeError:  # an older version
    from detection.metrics import bootstrap, results

    def read(path: str) -> results.Results:
      with np.load(path) as columns:
        return results.Results(**{name: columns[name] for name in results.Results.__dataclass_fields__})

    merged = results.merge(map(read, sorted(glob.glob(f'{folder}/part-*.npz'))))
    draws = bootstrap.draws(len(merged.names), len(merged.scores))
    scored = evaluation.score(merged, labels(classes), evaluation.Settings(), draws)
    images = len(merged.names)
  _report(images, scored.metrics['AP'], *begun)


def measure(model: str, records: str, classes: int) -> None:
  """Evaluates with a model, then prints."""
  import apache_beam as beam

  from components.evaluator import evaluation, inference

  begun = time.perf_counter(), time.process_time()
  with tempfile.TemporaryDirectory() as folder:
    with beam.Pipeline() as pipeline:
      inference.evaluate(pipeline, [records], inference.DetectAndMatch(model, labels(classes), folder))
    scored = evaluation.score(inference.matched(folder), labels(classes), evaluation.Settings())
  _report(scored.images, scored.metrics['AP'], *begun)


def _report(images: int, ap: float, wall: float, cpu: float) -> None:
  seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
  print(f'{images:8} images {peak:8.0f} MiB {seconds:7.1f} s, CPU {cpu:7.1f} s  AP {ap!r}')


def in_own_process(*arguments: str, code: str = '') -> float:
  """Runs this file with `arguments`, prints its line and returns the MiB in it."""
  here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
  environment = {**os.environ, 'PYTHONPATH': code or here}
  done = subprocess.run(
    [sys.executable, os.path.abspath(__file__), *arguments],
    capture_output=True, text=True, check=False, env=environment,
  )  # fmt: skip
  if done.returncode:
    raise SystemExit(done.stderr)
  line = done.stdout.splitlines()[-1]
  print(f'{line}{"  " + code if code else ""}', flush=True)
  return float(line.split()[2])


def main() -> None:
  if sys.argv[1:2] == ['--one']:
    measure(*sys.argv[2:4], int(sys.argv[4]))
    return
  if sys.argv[1:2] == ['--files']:
    measure_files(sys.argv[2], int(sys.argv[3]))
    return
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--images', type=int, nargs='+', default=[1000, 10000])
  parser.add_argument('--classes', type=int, default=5)
  parser.add_argument('--drawn', action='store_true')
  parser.add_argument('--against', metavar='CHECKOUT', default='')
  args = parser.parse_args()
  classes, peaks = str(args.classes), []
  with tempfile.TemporaryDirectory() as model:
    if not args.drawn:
      save_model(model, args.classes)
    for count in args.images:
      with tempfile.TemporaryDirectory() as folder:
        if args.drawn:
          draw(folder, count, args.classes)
          peaks.append(in_own_process('--files', folder, classes))
          if args.against:
            in_own_process('--files', folder, classes, code=os.path.abspath(args.against))
        else:
          write_records(f'{folder}/records', count, args.classes)
          peaks.append(in_own_process('--one', model, f'{folder}/records', classes))
  print(f'growth {peaks[-1] / peaks[0] - 1:+.1%}')


if __name__ == '__main__':
  main()
