"""`predict` against the OD API's documented loop: the same SavedModel, images, drawing and saving.

    python -m benchmarks.predict_throughput MODEL IMAGES [--images 1000] [--loop-model FOLDER] [--sides NAME,...]

The loop is that of the OD API's tutorial "Detect Objects Using a Saved Model": one image at a time, opened by Pillow,
detected, drawn by visualization_utils and shown by matplotlib, here saved, for want of a screen. A third side is the
same loop with a quicker end: Pillow saves a JPEG. Images are given again from the first where there are too few. Each
side runs in a process of its own; timed is everything after its imports, loading the model included. CPU seconds, of
all its threads, stand beside them: they hardly move when others use the machine. MODEL is a push destination or one of
its versions. The loops run the SavedModel in the folder --loop-model instead, if it is given: such as the one that
`benchmarks.serving --work` leaves of the OD API's exporter.

https://tensorflow-object-detection-api-tutorial.readthedocs.io/en/latest/auto_examples/plot_object_detection_saved_model.html
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')


def ours(model: str, _: str, images: list[str], output: str) -> None:
  import tensorflow  # noqa: F401 - imported before the clocks start, as in the other sides

  import detection.inference.annotate  # noqa: F401
  from cli import main

  started()
  with contextlib.redirect_stdout(io.StringIO()):
    status = main.main(['predict', '--model', model, '--output', output, *images])
  if status:
    raise SystemExit(f'predict ended with status {status}')


def documented_loop(model: str, loaded: str, images: list[str], output: str) -> None:
  import matplotlib

  matplotlib.use('Agg')
  from matplotlib import pyplot as plt

  def save(image: Any, target: str) -> None:
    plt.figure()
    plt.imshow(image)
    plt.savefig(target)
    plt.close()

  _loop(model, loaded, images, output, save)


def loop_saved_by_pillow(model: str, loaded: str, images: list[str], output: str) -> None:
  from PIL import Image

  _loop(model, loaded, images, output, lambda image, target: Image.fromarray(image).save(target, quality=90))


def _loop(model: str, loaded: str, images: list[str], output: str, save: Callable[[Any, str], None]) -> None:
  from detection.odapi import compat

  compat.apply()
  import numpy as np
  import tensorflow as tf
  from object_detection.utils import visualization_utils
  from PIL import Image

  from detection import model_folder

  started()
  whole = tf.saved_model.load(loaded)  # kept: signatures are held by weak references only
  detect = whole.signatures['serving_default']
  labels = model_folder.read_labels(model_folder.find_saved_model(model))
  categories = {number: {'id': number, 'name': name} for name, number in labels.items()}
  os.makedirs(output)
  for path in images:
    print(f'Running inference for {path}... ', end='')
    image = np.array(Image.open(path).convert('RGB'))
    found = detect(input_tensor=tf.convert_to_tensor(image)[tf.newaxis, ...])
    count = int(found.pop('num_detections'))
    found = {name: value[0, :count].numpy() for name, value in found.items()}
    visualization_utils.visualize_boxes_and_labels_on_image_array(
      image,
      found['detection_boxes'],
      found['detection_classes'].astype(np.int64),
      found['detection_scores'],
      categories,
      use_normalized_coordinates=True,
      max_boxes_to_draw=200,
      min_score_thresh=0.5,
    )
    print('Done')
    save(image, f'{output}/{pathlib.Path(path).stem}.jpg')


SIDES = {'documented loop': documented_loop, 'saved by Pillow': loop_saved_by_pillow, 'predict': ours}
_begun = [0.0, 0.0]


def started() -> None:
  """Sets the clocks to zero: imports are done."""
  _begun[:] = time.perf_counter(), time.process_time()


def _enough(images: list[pathlib.Path], count: int, folder: str) -> list[str]:
  """So many paths, as links under names of their own: predict takes each path once."""
  os.makedirs(f'{folder}/in')
  for number, image in enumerate(itertools.islice(itertools.cycle(images), count)):
    os.symlink(image.resolve(), f'{folder}/in/{number:05d}{image.suffix}')
  return sorted(str(path) for path in pathlib.Path(folder, 'in').iterdir())


def in_own_process(side: str, model: str, loaded: str, folder: str, count: int) -> tuple[float, float]:
  """Runs one side in a fresh process: (seconds, CPU seconds)."""
  command = [sys.executable, __file__, '--side', side, model, loaded, folder, str(count)]
  done = subprocess.run(command, capture_output=True, text=True, check=False)
  if done.returncode:
    raise SystemExit(done.stderr)
  return tuple(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
  if sys.argv[1:2] == ['--side']:
    side, model, loaded, folder, count = sys.argv[2:7]
    images = sorted(pathlib.Path(folder).iterdir())
    with tempfile.TemporaryDirectory() as output:
      SIDES[side](model, loaded, _enough(images, int(count), output), f'{output}/out')
      print(json.dumps([time.perf_counter() - _begun[0], time.process_time() - _begun[1]]))
    return
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('model')
  parser.add_argument('folder', metavar='IMAGES')
  parser.add_argument('--images', type=int, default=1000)
  parser.add_argument('--loop-model', metavar='FOLDER')
  parser.add_argument(
    '--sides', type=lambda names: names.split(','), default=list(SIDES), help='the last against the others'
  )
  args = parser.parse_args()
  from detection import model_folder

  loaded = args.loop_model or model_folder.find_saved_model(args.model)
  costs = {side: in_own_process(side, args.model, loaded, args.folder, args.images) for side in args.sides}
  for side, (seconds, cpu) in costs.items():
    rate = args.images / seconds
    print(f'{side:16} {args.images} images: {seconds:6.1f} s = {rate:5.1f} images/s, CPU {cpu:6.1f} s')
  for side in args.sides[:-1]:
    ratios = [other / mine for mine, other in zip(costs[args.sides[-1]], costs[side], strict=True)]
    print(f'{side} to {args.sides[-1]}: time {ratios[0]:.1f}, CPU {ratios[1]:.1f}')


if __name__ == '__main__':
  main()
