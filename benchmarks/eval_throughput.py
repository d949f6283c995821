"""Evaluation against the OD API's model_lib_v2, of the same checkpoint on the same images.

    python benchmarks/eval_throughput.py RUN [--images 400]

RUN is the folder of a finished local run (<output_root>/<name>): its newest model is evaluated on its images of both
splits, repeated under new names up to the number asked for. Each side runs in a process of its own and is timed from
after its imports to its metrics: loading, tracing, inference, matching and metrics. CPU seconds, of all its threads,
stand beside them: they hardly move when others use the machine. The last figure leaves out what does not grow with
the images: CPU seconds an image between a run on a quarter of the images and the whole.
"""

import argparse
import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')


def ours(model: str, records: str) -> float:
  """AP of components/evaluator on the exported SavedModel."""
  import apache_beam as beam

  from components.evaluator import evaluation, inference
  from detection.base import files
  from detection.odapi import label_map
  from pipeline import config

  started()
  labels = label_map.parse(files.read_text(f'{model}/label_map.pbtxt'))
  with tempfile.TemporaryDirectory() as folder:
    with beam.Pipeline(argv=config.BeamConfig().pipeline_args) as pipeline:
      step = inference.DetectAndMatch(f'{model}/Format-Serving', labels, folder)
      inference.evaluate(pipeline, [records], step)
    measured = evaluation.score(inference.matched(folder), labels, evaluation.Settings())
  return measured.metrics['AP']


def theirs(model: str, records: str) -> float:
  """AP of model_lib_v2.eager_eval_loop on the checkpoint, set up as eval_continuously does."""
  from detection.odapi import compat

  compat.apply()
  import tensorflow as tf
  from object_detection import inputs, model_lib_v2
  from object_detection.builders import model_builder
  from object_detection.utils import config_util

  started()
  configs = config_util.get_configs_from_pipeline_file(f'{model}/pipeline.config')
  reader = configs['eval_input_configs'][0]
  reader.tf_record_input_reader.input_path[:] = [records]
  reader.label_map_path = f'{model}/label_map.pbtxt'
  reader.num_epochs = 1
  configs['eval_config'].num_visualizations = 0
  configs['eval_config'].metrics_set[:] = ['coco_detection_metrics']
  detection_model = model_builder.build(configs['model'], is_training=True)
  data = inputs.eval_input(configs['eval_config'], reader, configs['model'], model=detection_model)
  strategy = tf.compat.v2.distribute.get_strategy()
  data = strategy.experimental_distribute_dataset(data)
  tf.train.Checkpoint(model=detection_model).restore(f'{model}/checkpoint/ckpt-0').expect_partial()
  configs['eval_input_config'] = reader
  with contextlib.redirect_stdout(io.StringIO()):
    step = tf.Variable(0, dtype=tf.int64)
    metrics = model_lib_v2.eager_eval_loop(detection_model, configs, data, global_step=step)
  return float(metrics['DetectionBoxes_Precision/mAP'])


def repeated(run: pathlib.Path, target: str, images: int) -> None:
  """Writes `images` records of the run's examples, each under a name of its own."""
  import tensorflow as tf

  from detection import records

  examples = newest(run / 'pipeline' / 'VocExampleGen' / 'examples')
  paths = sorted(str(path) for path in examples.glob('Split-*/*'))
  originals = list(records.read(paths))
  with tf.io.TFRecordWriter(target) as writer:
    for number in range(images):
      example = tf.train.Example.FromString(originals[number % len(originals)])
      for key in (records.SOURCE_ID, records.FILENAME, records.SHA256):
        example.features.feature[key].bytes_list.value[:] = [f'{number:06d}.jpg'.encode()]
      writer.write(example.SerializeToString())


def newest(folder: pathlib.Path) -> pathlib.Path:
  """The folder below with the highest number for a name."""
  return max((path for path in folder.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))


def started() -> None:
  """Sets the clocks to zero: imports are done."""
  _begun[:] = time.perf_counter(), time.process_time()


_begun = [0.0, 0.0]


def in_own_process(side: str, model: str, records: str) -> tuple[float, float, float]:
  """Runs one side in a fresh process: (seconds, CPU seconds, AP)."""
  command = [sys.executable, __file__, '--side', side, model, records]
  done = subprocess.run(command, capture_output=True, text=True, check=False)
  if done.returncode:
    raise SystemExit(done.stderr)
  return tuple(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
  if sys.argv[1:2] == ['--side']:
    side = {'ours': ours, 'model_lib_v2': theirs}[sys.argv[2]]
    ap = side(*sys.argv[3:5])
    print(json.dumps([time.perf_counter() - _begun[0], time.process_time() - _begun[1], ap]))
    return
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('run', type=pathlib.Path)
  parser.add_argument('--images', type=int, default=400)
  args = parser.parse_args()
  model = str(newest(args.run / 'pipeline' / 'ODAPITrainer' / 'model').resolve())
  quarter = args.images // 4
  costs = {}
  with tempfile.TemporaryDirectory() as folder:
    for count in (quarter, args.images):
      repeated(args.run, f'{folder}/{count}.tfrecord', count)
    for side in ('model_lib_v2', 'ours'):
      _, few, _ = in_own_process(side, model, f'{folder}/{quarter}.tfrecord')
      seconds, cpu, ap = in_own_process(side, model, f'{folder}/{args.images}.tfrecord')
      costs[side] = seconds, cpu, (cpu - few) / (args.images - quarter)
      line = (
        f'{side:13} {args.images} images: {seconds:6.1f} s = {args.images / seconds:5.1f} images/s, CPU {cpu:6.1f} s,'
      )
      print(f'{line} {1000 * costs[side][2]:6.1f} ms an image; AP {ap:.6f}', flush=True)
  print('ratio         ' + ', '.join(f'{t / o:.1f}' for o, t in zip(costs['ours'], costs['model_lib_v2'], strict=True)))


if __name__ == '__main__':
  main()
