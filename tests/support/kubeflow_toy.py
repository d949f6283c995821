"""A small real pipeline for the tests of kubeflow/: custom components, a custom artifact type, stock TFX on the way.

WriteExamples ─ StatisticsGen ─ SchemaGen
      └──────── Count ─ report (LabelMap) ─ Publish
"""

import json
import pathlib
import signal
import sys
import time

import tensorflow as tf
import yaml
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.dsl.io import fileio
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.types import artifact_utils, channel, component_spec, standard_artifacts

from components import artifacts
from detection.base import files
from detection.base.errors import DataError


class WriteExamplesExecutor(base_executor.BaseExecutor):
  """Writes `count` examples in one split; waits to be ended first, if told to."""

  def Do(self, input_dict, output_dict, exec_properties):
    settings = json.loads(exec_properties['settings'])
    if 'waits_for_sigterm' in settings:
      self._wait(settings['waits_for_sigterm'])
    examples = artifact_utils.get_single_instance(output_dict['examples'])
    examples.split_names = artifact_utils.encode_split_names(['train'])
    examples.set_int_custom_property('images', exec_properties['count'])
    folder = files.join(examples.uri, 'Split-train')
    fileio.makedirs(folder)
    with tf.io.TFRecordWriter(files.join(folder, 'data-00000-of-00001.gz'), 'GZIP') as writer:
      for number in range(exec_properties['count']):
        feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[number]))
        example = tf.train.Example(features=tf.train.Features(feature={'number': feature}))
        writer.write(example.SerializeToString())

  def _wait(self, ready):
    def save(*_):
      print('saved on SIGTERM', flush=True)
      sys.exit(143)

    signal.signal(signal.SIGTERM, save)
    open(ready, 'w').close()
    time.sleep(600)


class WriteExamplesSpec(component_spec.ComponentSpec):
  PARAMETERS = {
    'count': component_spec.ExecutionParameter(type=int),
    'settings': component_spec.ExecutionParameter(type=str),
    'shuffled': component_spec.ExecutionParameter(type=bool, optional=True),
  }
  INPUTS = {}
  OUTPUTS = {'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples)}


class WriteExamples(base_component.BaseComponent):
  SPEC_CLASS = WriteExamplesSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(WriteExamplesExecutor)

  def __init__(self, count=5, **settings):
    examples = channel.OutputChannel(standard_artifacts.Examples, self, 'examples')
    settings = json.dumps(settings, sort_keys=True)
    super().__init__(WriteExamplesSpec(count=count, settings=settings, shuffled=False, examples=examples))


class CountExecutor(base_executor.BaseExecutor):
  """Counts the records it is given; the folder of its output must be there already, as TFX promises."""

  def Do(self, input_dict, output_dict, exec_properties):
    examples = artifact_utils.get_single_instance(input_dict['examples'])
    (split,) = artifact_utils.decode_split_names(examples.split_names)
    pattern = files.join(artifact_utils.get_split_uri([examples], split), '*')
    records = sum(1 for _ in tf.data.TFRecordDataset(tf.io.gfile.glob(pattern), compression_type='GZIP'))
    report = artifact_utils.get_single_instance(output_dict['report'])
    with fileio.open(files.join(report.uri, artifacts.LabelMap.FILE_NAME), 'w') as file:
      images = examples.get_custom_property('images')
      file.write(json.dumps({'records': records, 'weight': exec_properties['weight'], 'images': images}))


class CountSpec(component_spec.ComponentSpec):
  PARAMETERS = {'weight': component_spec.ExecutionParameter(type=float)}
  INPUTS = {'examples': component_spec.ChannelParameter(type=standard_artifacts.Examples)}
  OUTPUTS = {'report': component_spec.ChannelParameter(type=artifacts.LabelMap)}


class Count(base_component.BaseComponent):
  SPEC_CLASS = CountSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(CountExecutor)

  def __init__(self, examples):
    report = channel.OutputChannel(artifacts.LabelMap, self, 'report')
    super().__init__(CountSpec(weight=0.5, examples=examples, report=report))


class RefusingExecutor(base_executor.BaseExecutor):
  def Do(self, input_dict, output_dict, exec_properties):
    raise DataError('photo.jpg: cut short. Expected a whole JPEG.')


class NameExecutor(base_executor.BaseExecutor):
  """Gives a value, to be passed by .future()."""

  def Do(self, input_dict, output_dict, exec_properties):
    output_dict['name'][0].value = 'a name'


class NameSpec(component_spec.ComponentSpec):
  PARAMETERS = {}
  INPUTS = {}
  OUTPUTS = {'name': component_spec.ChannelParameter(type=standard_artifacts.String)}


class Name(base_component.BaseComponent):
  SPEC_CLASS = NameSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(NameExecutor)

  def __init__(self):
    super().__init__(NameSpec(name=channel.OutputChannel(standard_artifacts.String, self, 'name')))


class PublishExecutor(base_executor.BaseExecutor):
  """Copies the report to `destination`, as a pusher does."""

  def Do(self, input_dict, output_dict, exec_properties):
    report = artifact_utils.get_single_instance(input_dict['report'])
    files.copy_tree(report.uri, exec_properties['destination'])
    pushed = artifact_utils.get_single_instance(output_dict['pushed'])
    pushed.set_string_custom_property('pushed_destination', exec_properties['destination'])


class PublishSpec(component_spec.ComponentSpec):
  PARAMETERS = {'destination': component_spec.ExecutionParameter(type=str)}
  INPUTS = {'report': component_spec.ChannelParameter(type=artifacts.LabelMap)}
  OUTPUTS = {'pushed': component_spec.ChannelParameter(type=standard_artifacts.PushedModel)}


class Publish(base_component.BaseComponent):
  SPEC_CLASS = PublishSpec
  EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(PublishExecutor)

  def __init__(self, report, destination):
    pushed = channel.OutputChannel(standard_artifacts.PushedModel, self, 'pushed')
    super().__init__(PublishSpec(destination=destination, report=report, pushed=pushed))


def pipeline(destination='/nowhere', count=5, statistics=False, only_examples=False, extra=(), **settings):
  """The pipeline above; `settings` reach the first executor, `statistics` adds the stock components."""
  examples = WriteExamples(count=count, **settings)
  if only_examples:
    return _pipeline([examples])
  counted = Count(examples.outputs['examples'])
  nodes = [examples, counted, Publish(counted.outputs['report'], destination), *extra]
  if statistics:
    generated = StatisticsGen(examples=examples.outputs['examples'])
    nodes += [generated, SchemaGen(statistics=generated.outputs['statistics'])]
  return _pipeline(nodes)


def pipeline_of_standard_types():
  """One that TFX's own runner compiles: it takes no custom type with several dots in its name."""
  examples = WriteExamples()
  return _pipeline([examples, StatisticsGen(examples=examples.outputs['examples'])])


def with_command(path, *command):
  """Puts another command into every container of a compiled file."""
  documents = list(yaml.safe_load_all(pathlib.Path(path).read_text()))
  for executor in documents[0]['deploymentSpec']['executors'].values():
    executor['container'].update(command=list(command), args=[])
  pathlib.Path(path).write_text(yaml.safe_dump_all(documents))
  return path


def _pipeline(nodes):
  return tfx_pipeline.Pipeline(pipeline_name='toy', pipeline_root='/unused', components=nodes, enable_cache=True)
