"""ONNX files: what is refused, and how one answers."""

import json
import sys

import numpy as np
import onnx
import pytest

from detection.base.errors import DataError
from detection.inference.onnx_model import OnnxModel
from tests.support.colour_detector import png

OUTPUTS = {
  'detection_boxes': np.float32([[[0, 0, 0.5, 1]]]),
  'detection_classes': np.float32([[2]]),
  'detection_scores': np.float32([[0.75]]),
  'num_detections': np.float32([1]),
}


def constant_network(**properties):
  """The content of an .onnx file that finds one box in any image."""
  image = onnx.helper.make_tensor_value_info('input_tensor', onnx.TensorProto.UINT8, [1, None, None, 3])
  nodes = [
    onnx.helper.make_node('Constant', [], [name], value=onnx.numpy_helper.from_array(value))
    for name, value in OUTPUTS.items()
  ]
  outputs = [
    onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, value.shape) for name, value in OUTPUTS.items()
  ]
  graph = onnx.helper.make_graph(nodes, 'constant', [image], outputs)
  made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 17)], ir_version=8)
  onnx.helper.set_model_props(made, properties)
  return made.SerializeToString()


def test_the_labels_are_in_the_file_and_images_of_any_size_make_a_batch(draw):
  model = OnnxModel(constant_network(labels=json.dumps({'red': 1, 'blue': 2})), 'a.onnx')
  assert model.labels == {'red': 1, 'blue': 2}
  outputs = model.detect_encoded([png(draw([], size=size)) for size in ((96, 64), (40, 50))])
  assert {name: value.shape[0] for name, value in outputs.items()} == dict.fromkeys(OUTPUTS, 2)
  np.testing.assert_array_equal(outputs['detection_boxes'][1], OUTPUTS['detection_boxes'][0])


def growing_network():
  """The content of an .onnx file whose outputs are as wide as the batch that it is given in one call."""
  image = onnx.helper.make_tensor_value_info('input_tensor', onnx.TensorProto.UINT8, [None, None, None, 3])
  nodes = [
    onnx.helper.make_node('Shape', ['input_tensor'], ['whole']),
    onnx.helper.make_node('Constant', [], ['first'], value_ints=[0]),
    onnx.helper.make_node('Gather', ['whole', 'first'], ['count']),
    onnx.helper.make_node('Cast', ['count'], ['one'], to=onnx.TensorProto.FLOAT),
    *(onnx.helper.make_node('Expand', ['one', 'count'], [name]) for name in OUTPUTS),
  ]
  outputs = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None]) for name in OUTPUTS]
  graph = onnx.helper.make_graph(nodes, 'growing', [image], outputs)
  made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 17)], ir_version=8)
  onnx.helper.set_model_props(made, {'labels': '{"red": 1}'})
  return made.SerializeToString()


def test_neighbours_of_one_size_go_into_one_call(draw):
  images = [png(draw([], size=size)) for size in ((96, 64), (96, 64), (40, 50), (96, 64))]
  outputs = OnnxModel(growing_network(), 'a.onnx').detect_encoded(images)
  assert outputs['num_detections'].tolist() == [2, 2, 1, 1]


def test_an_onnx_model_needs_no_tensorflow(draw, monkeypatch):
  monkeypatch.setitem(sys.modules, 'tensorflow', None)
  model = OnnxModel(constant_network(labels='{"red": 1}'), 'a.onnx')
  assert model.detect_encoded([png(draw([]))])['detection_scores'].tolist() == [[0.75]]


def test_a_file_without_class_names_is_refused_by_name():
  with pytest.raises(DataError, match='a.onnx: no class names in it'):
    OnnxModel(constant_network(), 'a.onnx')


@pytest.mark.parametrize('content', [b'', b'no network'])
def test_a_file_that_is_no_onnx_model_is_refused_by_name(content):
  with pytest.raises(DataError, match='a.onnx: not an ONNX model that loads'):
    OnnxModel(content, 'a.onnx')
