import importlib
import pathlib

import object_detection.protos
import pytest
from google.protobuf import text_format

from detection.odapi.compat import generated_protos
from tests.support.stacks import only_where_needed

MODULES = sorted(path.stem for path in pathlib.Path(object_detection.protos.__path__[0]).glob('*_pb2.py'))
TEXT = 'model { ssd { num_classes: 3 box_coder { faster_rcnn_box_coder { } } } } train_config { batch_size: 8 }'


@only_where_needed(generated_protos)
@pytest.mark.parametrize('name', MODULES)
def test_every_module_has_the_messages_of_its_proto_file(name):
  module = importlib.import_module(f'object_detection.protos.{name}')
  declared = module.DESCRIPTOR.message_types_by_name
  assert {message: vars(module)[message].DESCRIPTOR for message in declared} == dict(declared)


def test_a_message_is_read_copied_and_written():
  from object_detection.protos import optimizer_pb2, pipeline_pb2

  config = text_format.Parse(TEXT, pipeline_pb2.TrainEvalPipelineConfig())
  config.train_config.optimizer.CopyFrom(optimizer_pb2.Optimizer(use_moving_average=False))
  again = pipeline_pb2.TrainEvalPipelineConfig.FromString(config.SerializeToString())
  assert again == config
  assert again.model.WhichOneof('model') == 'ssd'
  assert again.model.ssd.matcher.argmax_matcher.matched_threshold == 0.5  # a default of the .proto file


def test_there_are_modules():
  assert len(MODULES) == 34
