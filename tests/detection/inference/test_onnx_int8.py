"""An ONNX network of two convolutions in 8 bits: which nodes, how near, and what else stays."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

from detection.inference import onnx_int8


@pytest.fixture(scope='module')
def network():
  """(content of an .onnx file, images): pixels / 255 -> two convolutions with a Clip between -> a sum over all."""
  rng = np.random.default_rng(0)
  constants = {
    'scale': np.float32(1 / 255),
    'first': rng.normal(0, 0.5, (8, 3, 3, 3)).astype(np.float32),
    'second': rng.normal(0, 0.5, (4, 8, 3, 3)).astype(np.float32),
    'low': np.float32(0),
    'high': np.float32(6),
    'one': np.float32(1),
  }
  node = onnx.helper.make_node
  nodes = [
    node('Cast', ['image'], ['numbers'], 'cast', to=onnx.TensorProto.FLOAT),
    node('Mul', ['numbers', 'scale'], ['scaled'], 'prepare'),
    node('Transpose', ['scaled'], ['channels_first'], 'transpose', perm=[0, 3, 1, 2]),
    node('Conv', ['channels_first', 'first'], ['a'], 'first_conv'),
    node('Clip', ['a', 'low', 'high'], ['b'], 'clip'),
    node('Conv', ['b', 'second'], ['c'], 'second_conv'),
    node('Add', ['c', 'one'], ['out'], 'behind'),
  ]
  image = onnx.helper.make_tensor_value_info('image', onnx.TensorProto.UINT8, [None, None, None, 3])
  out = onnx.helper.make_tensor_value_info('out', onnx.TensorProto.FLOAT, [None, 4, None, None])
  weights = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
  graph = onnx.helper.make_graph(nodes, 'two', [image], [out], weights)
  made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid('', 17)], ir_version=8)
  onnx.helper.set_model_props(made, {'labels': json.dumps({'red': 1})})
  sizes = ((20, 30), (16, 16), (24, 20))
  return made.SerializeToString(), [rng.integers(0, 255, (*size, 3)).astype(np.uint8) for size in sizes]


def run(file, image):
  session = onnxruntime.InferenceSession(file, providers=['CPUExecutionProvider'])
  return session.run(['out'], {'image': image[np.newaxis]})[0]


def test_only_convolutions_and_what_lies_between_them_are_quantized(network):
  graph = onnx.load_from_string(network[0]).graph
  assert list(onnx_int8.inside(graph)) == ['first_conv', 'clip', 'second_conv']


def test_the_outputs_are_near_and_the_class_names_and_sizes_stay(network):
  file, images = network
  quantized = onnx_int8.quantize(file, images)
  model = onnx.load_from_string(quantized)
  assert {entry.key: entry.value for entry in model.metadata_props} == {'labels': '{"red": 1}'}
  assert sum(weight.data_type == onnx.TensorProto.INT8 for weight in model.graph.initializer) >= 2
  weights = [onnx.numpy_helper.to_array(weight) for weight in model.graph.initializer]
  assert max(abs(int(weight.min())) for weight in weights if weight.dtype == np.int8) <= 64  # 7 bits
  for image in images:
    here, there = run(file, image), run(quantized, image)
    assert here.shape == there.shape
    assert 0 < np.abs(here - there).max() < 0.05 * np.abs(here).max()
