"""Peak memory of an evaluation as the number of images grows.

    python benchmarks/eval_memory.py [--images 1000 10000]

Runs the evaluator's own Beam pipeline and all its metrics, each count in a process of its own, on small JPEGs and a
SavedModel that gives 100 arbitrary boxes of 5 classes an image: the most that metrics have to hold.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

LABELS = {f'class {number}': number for number in range(1, 6)}
_DETECTIONS = 100


def save_model(folder: str) -> None:
  """A SavedModel whose boxes depend on the bytes of the image alone."""
  import tensorflow as tf

  from detection.odapi import label_map

  def one(text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    image = tf.io.decode_image(text, channels=3, expand_animations=False)
    seed = tf.stack([tf.reduce_sum(tf.cast(image, tf.int32)), 0])
    numbers = tf.random.stateless_uniform([_DETECTIONS, 6], seed)
    corners = numbers[:, :2] * 0.7
    boxes = tf.concat([corners, corners + 0.02 + numbers[:, 2:4] * 0.28], axis=1)
    return boxes, tf.floor(numbers[:, 4] * len(LABELS)) + 1, numbers[:, 5]

  def answer(batch: tf.Tensor) -> dict[str, tf.Tensor]:
    boxes, classes, scores = tf.map_fn(one, batch, fn_output_signature=(tf.float32,) * 3)
    count = tf.fill([tf.shape(batch)[0]], float(_DETECTIONS))
    names = ('detection_boxes', 'detection_classes', 'detection_scores', 'num_detections')
    return dict(zip(names, (boxes, classes, scores, count), strict=True))

  spec = tf.TensorSpec([None], tf.string, name='image_bytes')
  tf.saved_model.save(tf.Module(), folder, {'image_bytes': tf.function(answer).get_concrete_function(spec)})
  with open(f'{folder}/label_map.pbtxt', 'w') as file:
    file.write(label_map.dump(LABELS))


def write_records(path: str, images: int) -> None:
  """`images` records of 64 x 64 pixels with three objects each."""
  import numpy as np
  import tensorflow as tf

  from detection import records
  from detection.records import LabelledBox, LabelledImage

  rng = np.random.default_rng(0)
  names = list(LABELS)
  with open(path, 'wb') as file:
    for number in range(images):
      encoded = tf.io.encode_jpeg(rng.integers(0, 255, (64, 64, 3), np.uint8)).numpy()
      corners = rng.random((3, 2)) * 0.6
      boxes = [
        LabelledBox(str(label), *low, *(low + 0.3)) for label, low in zip(rng.choice(names, 3), corners, strict=True)
      ]
      records.write(file, records.serialize(LabelledImage(encoded, 'jpeg', 64, 64, f'{number:06d}.jpg', boxes)))


def measure(model: str, records: str) -> None:
  """Evaluates, then prints peak memory in MiB, seconds and images."""
  import apache_beam as beam

  from components.evaluator import evaluation, inference
  from detection.metrics import bootstrap

  begun = time.perf_counter()
  with tempfile.TemporaryDirectory() as folder:
    with beam.Pipeline() as pipeline:
      inference.evaluate(pipeline, [records], model, LABELS, folder)
    results = inference.read_results(folder)
  draws = bootstrap.draws(len(results.names), len(results.scores))
  evaluation.score(results, LABELS, evaluation.Settings(), draws)
  seconds = time.perf_counter() - begun
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
  print(f'{len(results.names):6} images {peak:8.0f} MiB {seconds:7.1f} s')


def main() -> None:
  if sys.argv[1:2] == ['--one']:
    measure(*sys.argv[2:4])
    return
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--images', type=int, nargs='+', default=[1000, 10000])
  args = parser.parse_args()
  with tempfile.TemporaryDirectory() as folder:
    save_model(f'{folder}/model')
    peaks = []
    for count in args.images:
      write_records(f'{folder}/{count}.tfrecord', count)
      command = [sys.executable, __file__, '--one', f'{folder}/model', f'{folder}/{count}.tfrecord']
      done = subprocess.run(command, capture_output=True, text=True, check=False)
      if done.returncode:
        raise SystemExit(done.stderr)
      line = done.stdout.splitlines()[-1]
      print(line, flush=True)
      peaks.append(float(line.split()[2]))
    print(f'growth {peaks[-1] / peaks[0] - 1:+.1%}')


if __name__ == '__main__':
  main()
