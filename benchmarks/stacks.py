"""Every built-in base on both stacks (docs/stack.md), and what crosses from one to the other.

    python -m benchmarks.stacks run DIR [BASE ...]      in an environment of each stack, with the same DIR
    python -m benchmarks.stacks cross DIR [BASE ...]    then in each again
    python -m benchmarks.stacks noise DIR [BASE ...]    in one: what a little noise does there
    python -m benchmarks.stacks table DIR               in either

run: builds each base at a small input, with the initial weights that the first stack saved; takes training steps with
nothing random, evaluates a batch, exports, predicts; for one base of each family TFLite and ONNX too. cross: reads what
the other stack wrote. noise: takes the same steps from weights that differ by rounding, which tells how far apart two
stacks may be. table: how far apart both are. Each base is a process of its own, which must end with status 0. What is
done already is not done again, so that a run that was broken off goes on.
"""

import argparse
import importlib.metadata
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STACK = f'tf-{importlib.metadata.version("tensorflow")}'
# One of each family takes its steps in a graph, and more of them, and is converted. The others take two, eagerly.
TRACED = (
  'ssd_mobilenet_v2_fpnlite_cpu_160',
  'efficientdet_cpu_192',
  'centernet_mobilenet_v2_fpn_cpu_256',
  'faster_rcnn_resnet50_v1_640',
)
STEPS, EAGER_STEPS = 20, 2
BATCH = 2
ALIKE = 1e-3  # scores of one object on two stacks differ by less
NOISE = 1e-6  # of a weight, relative: some roundings of float32


def main() -> None:
  from detection.pipeline_config import builtin_bases

  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('what', choices=['run', 'cross', 'noise', 'table', *PARTS])
  parser.add_argument('folder', type=Path, metavar='DIR')
  parser.add_argument('bases', nargs='*', metavar='BASE')
  args = parser.parse_args()
  if args.what == 'table':
    print('\n'.join(table(args.folder)))
    return
  bases = args.bases or builtin_bases.names()
  if part := PARTS.get(args.what):
    print(json.dumps(part(args.folder, bases[0])))
    return
  draw(args.folder)
  if failed := [base for base in bases if not done(args.what, args.folder, base)]:
    raise SystemExit(f'{STACK} {args.what}: failed: {", ".join(failed)}')


def done(what: str, folder: Path, base: str) -> bool:
  """Does one part for one base in a process of its own, unless it is done; False, and says why, if it fails."""
  path = folder / STACK / f'{base}.{what}.json'
  if not path.exists():
    command = [sys.executable, '-m', 'benchmarks.stacks', f'one-{what}', str(folder), base]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
      print(f'{STACK} {what} {base}: status {ended.returncode}\n{ended.stderr[-3000:]}', flush=True)
      return False
    path.with_suffix('.part').write_text(ended.stdout.splitlines()[-1])
    path.with_suffix('.part').rename(path)
  print(f'{STACK} {what} {base}: {path.read_text()}', flush=True)
  return True


def draw(folder: Path) -> None:
  """Draws the data that both stacks read, once."""
  from benchmarks import drawn_shapes
  from detection.odapi import label_map

  (folder / STACK).mkdir(parents=True, exist_ok=True)
  for split, count, seed in (('train', 16, 0), ('eval', 4, 1)):
    if not (folder / f'{split}.tfrecord').exists():
      drawn_shapes.write(folder / f'{split}.tfrecord', count, seed)
  (folder / 'label_map.pbtxt').write_text(label_map.dump(drawn_shapes.LABELS))


def config_of(folder: Path, base: str) -> Any:
  """The base at a small input, patched for the drawn data, with nothing random in it."""
  from benchmarks.drawn_shapes import LABELS
  from detection.odapi.config import config_io
  from detection.pipeline_config import builtin_bases, patch

  request = patch.Request(
    num_classes=len(LABELS),
    label_map_path=str(folder / 'label_map.pbtxt'),
    train_path=str(folder / 'train.tfrecord'),
    eval_path=str(folder / 'eval.tfrecord'),
    num_steps=1000,
    batch_size=BATCH,
  )
  config = patch.patch(config_io.parse(builtin_bases.text(base)), request)
  resizer = getattr(config.model, config.model.WhichOneof('model')).image_resizer
  # A two-way pyramid up to level 7 wants multiples of 128.
  side = {'efficientdet_cpu_192': 192}.get(base, 256 if base.startswith('efficientdet') else 160)
  if resizer.HasField('fixed_shape_resizer'):
    resizer.fixed_shape_resizer.height = resizer.fixed_shape_resizer.width = side
  else:
    resizer.keep_aspect_ratio_resizer.min_dimension = resizer.keep_aspect_ratio_resizer.max_dimension = side
  del config.train_config.data_augmentation_options[:]
  config.train_input_reader.shuffle = False
  config.train_input_reader.num_readers = 1
  return config


def run_one(folder: Path, base: str) -> dict[str, Any]:
  """Trains and exports one base on this stack; returns its losses and seconds."""
  import numpy as np
  import tensorflow as tf

  from benchmarks.drawn_shapes import LABELS
  from detection.inference.detector import Detector
  from detection.odapi.config import config_io
  from detection.odapi.model import engine
  from detection.odapi.model.export import Limits
  from detection.training.export_model import export_model

  began = time.monotonic()
  tf.keras.utils.set_random_seed(0)
  built = engine.Engine(config_of(folder, base))
  variables = _same_start(folder / 'initial' / base, built.model)
  losses = _steps(built, base)
  evaluated = _evaluated(built)
  tf.config.run_functions_eagerly(False)
  model = folder / STACK / base
  export_model(built, str(model), config_io.dump(built.config), LABELS, Limits())
  if base in TRACED:
    _convert(built.config, model)
  for name, path in _models(model).items():
    (found,) = Detector(str(path)).detect([_picture(folder)])
    np.savez(folder / STACK / f'{base}.{name}.npz', scores=found.scores, boxes=found.boxes, classes=found.classes)
  return {'variables': variables, 'losses': losses, 'evaluated': evaluated, 'seconds': time.monotonic() - began}


def _steps(built: Any, base: str) -> list[float]:
  """Trains some steps; returns the total loss of each."""
  import tensorflow as tf

  from detection.odapi.model import inputs
  from detection.odapi.model.losses import TOTAL_LOSS

  tf.config.run_functions_eagerly(base not in TRACED)
  batches = built.batches(inputs.InputOptions(cache='none'))
  return [built.train_step(batches)[0][TOTAL_LOSS] for _ in range(STEPS if base in TRACED else EAGER_STEPS)]


def noise_one(folder: Path, base: str) -> dict[str, Any]:
  """How far the losses of this stack's own run are from those with noise of NOISE in the weights, relative to them."""
  import numpy as np
  import tensorflow as tf

  from detection.odapi.model import building, engine

  tf.keras.utils.set_random_seed(0)
  rng = np.random.default_rng(0)  # TensorFlow's own would have the training draw other numbers
  built = engine.Engine(config_of(folder, base))
  _same_start(folder / 'initial' / base, built.model)
  for variable in building.all_variables(built.model):
    if variable.dtype.is_floating:
      variable.assign(variable.numpy() * (1 + rng.uniform(-NOISE, NOISE, variable.shape).astype(np.float32)))
  own = json.loads((folder / STACK / f'{base}.run.json').read_text())['losses']
  return {'apart': [abs(a - b) / abs(a) for a, b in zip(own, _steps(built, base), strict=True)]}


def cross_one(folder: Path, base: str) -> dict[str, Any]:
  """Reads what the other stack wrote; returns by how much predictions differ from the other's own, at most."""
  import numpy as np

  from detection.inference.detector import Detector

  (other,) = (path for path in folder.glob('tf-*') if path.name != STACK)
  gaps = {}
  for name, path in _models(other / base).items():
    (found,) = Detector(str(path)).detect([_picture(folder)])
    theirs = np.load(other / f'{base}.{name}.npz')
    if len(found) != len(theirs['scores']):
      raise SystemExit(f'{path}: {len(found)} boxes, on the other stack {len(theirs["scores"])}')
    gaps[name] = _gap(found, theirs)
  return {**gaps, 'checkpoint': _checkpoint_gap(folder, other, base)}


def _checkpoint_gap(folder: Path, other: Path, base: str) -> float:
  """The eval loss of the other's checkpoint on this stack, against its own."""
  import tensorflow as tf

  from detection import model_folder
  from detection.odapi.model import engine

  built = engine.Engine(config_of(folder, base))
  prefix = model_folder.checkpoint_prefix(str(other / base))
  tf.train.Checkpoint(model=built.model).read(prefix).assert_existing_objects_matched().expect_partial()
  tf.config.run_functions_eagerly(base not in TRACED)
  theirs = json.loads((other / f'{base}.run.json').read_text())['evaluated']
  return abs(_evaluated(built) - theirs) / abs(theirs)


def _same_start(prefix: Path, model: Any) -> int:
  """Gives the model the weights that the first stack began with; returns how many variables it has."""
  import tensorflow as tf

  from detection.odapi.model import building

  checkpoint = tf.train.Checkpoint(model=model)
  if prefix.with_suffix('.index').exists():
    checkpoint.read(str(prefix)).assert_existing_objects_matched().assert_consumed()
  else:
    prefix.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write(str(prefix))
  return len(building.all_variables(model))


def _evaluated(built: Any) -> float:
  from detection.odapi.model import inputs
  from detection.odapi.model.losses import TOTAL_LOSS

  batches, _ = inputs.eval_batches(built.config, built.model, 1)
  return built.evaluate_batch(*next(iter(batches)))[0][TOTAL_LOSS]


def _convert(config: Any, model: Path) -> None:
  from benchmarks.drawn_shapes import LABELS
  from detection import model_folder
  from detection.inference import onnx_export
  from detection.odapi import families
  from detection.odapi.model import export, tflite_export

  if families.of(config).tflite:
    convertible = tflite_export.load(str(model), export.Limits())
    model.with_suffix('.tflite').write_bytes(convertible.file('float16', LABELS, []))
  model.with_suffix('.onnx').write_bytes(onnx_export.convert(model_folder.serving(str(model)), LABELS))


def _models(model: Path) -> dict[str, Path]:
  """{what it is: the model folder or file}, those that are there."""
  paths = {'SavedModel': model, 'TFLite': model.with_suffix('.tflite'), 'ONNX': model.with_suffix('.onnx')}
  return {name: path for name, path in paths.items() if path.exists()}


def _picture(folder: Path) -> bytes:
  """The first image of the eval split, as JPEG or PNG bytes."""
  from detection import records

  return records.parse(next(records.read([str(folder / 'eval.tfrecord')]))).encoded


def _gap(found: Any, theirs: Any) -> float:
  """How far scores are apart at most, and how far each box is from the nearest of equal class and score.

  By score, not by rank: of many that score almost alike, the order may differ.
  """
  import numpy as np

  gaps = [abs(found.scores - theirs['scores']).max(initial=0)]
  for score, box, label in zip(found.scores, found.boxes, found.classes, strict=True):
    alike = (theirs['classes'] == label) & (abs(theirs['scores'] - score) < ALIKE)
    gaps.append(abs(theirs['boxes'][alike] - box).max(axis=1, initial=0).min(initial=np.inf))
  return float(max(gaps))


def table(folder: Path) -> list[str]:
  """A Markdown table: how far the losses are apart, relative to them, and the predictions, after crossing."""
  from benchmarks import command

  first, second = sorted(path.name for path in folder.glob('tf-*'))
  rows = []
  for path in sorted((folder / first).glob('*.run.json')):
    base = path.name.removesuffix('.run.json')
    if not (folder / second / path.name).exists():
      continue
    runs = [json.loads((folder / stack / path.name).read_text()) for stack in (first, second)]
    losses = [run['losses'] for run in runs]
    apart = [abs(a - b) / abs(a) for a, b in zip(*losses, strict=True)]
    evaluated = abs(runs[0]['evaluated'] - runs[1]['evaluated']) / abs(runs[0]['evaluated'])
    crossed = [_crossed(folder / stack / f'{base}.cross.json') for stack in (second, first)]
    gaps = [f'{apart[0]:.0e}', f'{max(apart):.0e} of {len(apart)}', f'{evaluated:.0e}']
    rows.append([base, runs[0]['variables'], *gaps, *crossed, *(round(run['seconds']) for run in runs)])
  columns = ['base', 'variables', 'first loss', 'largest of all steps', 'eval loss']
  columns += [f'{first} read by {second}', f'{second} read by {first}', f'{first}, s', f'{second}, s']
  return command.table(columns, rows)


def _crossed(path: Path) -> str:
  if not path.exists():
    return 'not run'
  return ', '.join(f'{name} {gap:.0e}' for name, gap in json.loads(path.read_text()).items())


PARTS = {'one-run': run_one, 'one-cross': cross_one, 'one-noise': noise_one}

if __name__ == '__main__':
  os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
  main()
