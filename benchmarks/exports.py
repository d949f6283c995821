"""TFLite and ONNX files beside their SavedModel: size, time of one image on this CPU, scores on the eval split.

    python -m benchmarks.exports VERSION IMAGES

VERSION is a push destination or one of its versions, of a run with `export: {tflite: [float16, int8], onnx: true}`; its
metrics.json has the scores. The time is the median from pixels to boxes: SavedModel and ONNX on all cores, TFLite on
one.
"""

import argparse
import itertools
import json
import os
import pathlib

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')


def main() -> None:
  from components.evaluator import exports
  from detection import model_folder

  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('version')
  parser.add_argument('images', metavar='IMAGES')
  args = parser.parse_args()
  version = pathlib.Path(model_folder.find_saved_model(args.version))
  published = json.loads((version / 'metrics.json').read_text())['exports']
  images = [path.read_bytes() for path in itertools.islice(sorted(pathlib.Path(args.images).iterdir()), 100)]
  print('| file | MB | ms an image | AP | AP50 |\n|---|---|---|---|---|')
  for row in published:
    name, scores = row['name'], row['metrics']
    path = version if name == 'SavedModel' else version / 'exports' / name
    milliseconds = exports.measure(name, str(path), scores, images).milliseconds
    print(f'| {name} | {row["bytes"] / 1e6:.2f} | {milliseconds:.1f} | {scores["AP"]:.3f} | {scores["AP50"]:.3f} |')


if __name__ == '__main__':
  main()
