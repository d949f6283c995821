"""What a model inside a labelling tool costs beside the model: Label Studio's backend over HTTP, CVAT's function.

    python -m benchmarks.labelling_tools MODEL --images DIR [--count 100]

MODEL is a push destination, a version or a model folder. One image a request, in turns; medians. The tools themselves,
their network and Nuclio are not there. Boxes are compared: all three must find as many.
"""

import argparse
import base64
import os
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import requests

from benchmarks import command

_MIN_SCORE = 0.3


def sides(model: str, folder: Path, url: str) -> dict[str, Callable[[Path], int]]:
  """{what is asked: function that gives the number of boxes in an image file}."""
  from detection.inference import images
  from detection.inference.detector import Detector
  from detection.labelling_tools import cvat

  detector = Detector(model)
  labels = ''.join(f'<Label value="{name}"/>' for name in detector.labels)
  config = f'<View><Image name="i" value="$i"/><RectangleLabels name="b" toName="i">{labels}</RectangleLabels></View>'

  def alone(path: Path) -> int:
    encoded, _ = images.load(str(path))
    return len(detector.detect_encoded([encoded])[0].above(_MIN_SCORE))

  def label_studio(path: Path) -> int:
    task = {'id': 1, 'data': {'i': f'/data/local-files/?d={path.relative_to(folder)}'}}
    answer = requests.post(f'{url}/predict', json={'tasks': [task], 'label_config': config}, timeout=60)
    answer.raise_for_status()
    return len(answer.json()['results'][0]['result'])

  def function(path: Path) -> int:
    request = {'image': base64.b64encode(path.read_bytes()).decode(), 'threshold': _MIN_SCORE}
    return len(cvat.shapes(detector, request))

  return {'the model alone': alone, 'Label Studio': label_studio, 'CVAT': function}


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('model')
  parser.add_argument('--images', type=Path, required=True)
  parser.add_argument('--count', type=int, default=100)
  args = parser.parse_args()
  from detection.inference.detector import Detector
  from detection.labelling_tools.fetch import Sources
  from detection.labelling_tools.label_studio import Backend
  from detection.labelling_tools.server import Server

  backend = Backend(Detector(args.model), Sources(folder=str(args.images)).fetch, _MIN_SCORE)
  with Server(backend, '127.0.0.1', 0) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asked = sides(args.model, args.images, server.url)
    times: dict[str, list[float]] = {name: [] for name in asked}
    for path in sorted(args.images.iterdir())[: args.count]:
      found = {}
      for name, ask in asked.items():
        begun = time.perf_counter()
        found[name] = ask(path)
        times[name].append(1000 * (time.perf_counter() - begun))
      if len(set(found.values())) > 1:
        raise SystemExit(f'{path}: expected as many boxes from each, received {found}')
    server.shutdown()
  middle = {name: statistics.median(values) for name, values in times.items()}
  rows = [(name, f'{value:.1f}', f'{value - middle["the model alone"]:.1f}') for name, value in middle.items()]
  print('\n'.join(command.table(('asked', 'ms an image', 'more than alone, ms'), rows)))


if __name__ == '__main__':
  main()
