"""A load test of an exported SavedModel's signature functions, in this process: callers in threads, one image a call.

    python -m benchmarks.serving_load MODEL [--callers 1,4,16] [--seconds 10] [--size 320]

It is no server: TensorFlow Serving adds the network, decoding of requests and, if it is told to, batching. What is seen
here is how the model itself shares the cores between callers, and the memory that it takes. MODEL is a SavedModel, a
model folder or a push destination. With `--batched`, callers' images that wait are put into one call, as the server's
batching does, up to 8.
"""

import argparse
import os
import queue
import resource
import threading
import time
from collections.abc import Callable
from concurrent import futures

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import numpy as np

from benchmarks.command import table

_MOST_IN_A_BATCH = 8
_PERCENTILES = (50, 95, 99)

Call = Callable[[np.ndarray], object]


class Batcher:
  """Puts the images of callers that wait into one call. Images have one size."""

  def __init__(self, call: Call) -> None:
    self._call = call
    self._waiting: queue.SimpleQueue[tuple[np.ndarray, futures.Future] | None] = queue.SimpleQueue()
    self._thread = threading.Thread(target=self._serve, daemon=True)
    self._thread.start()

  def __call__(self, image: np.ndarray) -> object:
    answer: futures.Future = futures.Future()
    self._waiting.put((image, answer))
    return answer.result()

  def _serve(self) -> None:
    while True:
      batch = [self._waiting.get()]
      while len(batch) < _MOST_IN_A_BATCH and not self._waiting.empty():
        batch.append(self._waiting.get())
      asked = [item for item in batch if item is not None]
      found = self._call(np.concatenate([image for image, _ in asked]))
      for _, answer in asked:
        answer.set_result(found)


def under_load(call: Call, image: np.ndarray, callers: int, seconds: float) -> tuple[np.ndarray, float]:
  """(milliseconds of each call, calls a second) while so many threads call again and again."""
  ends = time.perf_counter() + seconds

  def caller(_: int) -> list[float]:
    taken = []
    while (begun := time.perf_counter()) < ends:
      call(image)
      taken.append(1000 * (time.perf_counter() - begun))
    return taken

  begun = time.perf_counter()
  with futures.ThreadPoolExecutor(callers) as pool:
    taken = [value for values in pool.map(caller, range(callers)) for value in values]
  return np.array(taken), len(taken) / (time.perf_counter() - begun)


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('model')
  parser.add_argument('--callers', default='1,4,16')
  parser.add_argument('--seconds', type=float, default=10.0)
  parser.add_argument('--size', type=int, default=320, help='of the image, in pixels')
  parser.add_argument('--batched', action='store_true')
  args = parser.parse_args()
  import tensorflow as tf

  from detection import model_folder

  before = _peak()
  loaded = tf.saved_model.load(model_folder.find_saved_model(args.model))
  detect = loaded.signatures['serving_default']
  image = np.random.default_rng(0).integers(0, 255, (1, args.size, args.size, 3), np.uint8)

  def call(images: np.ndarray) -> object:
    found = detect(**{next(iter(detect.structured_input_signature[1])): tf.constant(images)})
    return {name: value.numpy() for name, value in found.items()}

  for count in range(1, _MOST_IN_A_BATCH + 1 if args.batched else 2):
    call(np.concatenate([image] * count))
  loaded_peak = _peak()
  rows = []
  for callers in map(int, args.callers.split(',')):
    taken, rate = under_load(Batcher(call) if args.batched else call, image, callers, args.seconds)
    latencies = [f'{value:.0f}' for value in np.percentile(taken, _PERCENTILES)]
    rows.append([callers, *latencies, f'{rate:.1f}', f'{_peak():.0f}'])
  print(f'peak memory: {before:.0f} MB with TensorFlow imported, {loaded_peak:.0f} MB after loading and a first call')
  columns = ('callers', *(f'p{percentile} ms' for percentile in _PERCENTILES), 'images/s', 'peak MB')
  print('\n'.join(table(columns, rows)))


def _peak() -> float:
  """The most memory that this process had so far, in MB."""
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == '__main__':
  main()
