"""Properties of components as parameters of a run."""

import kubeflow_toy as toy
import pytest
from tfx.orchestration.data_types import RuntimeParameter

from detection.base.errors import ConfigError
from kubeflow.compiler import parameters


def test_a_property_is_a_parameter_with_its_value_as_default_for_as_long_as_the_block_lasts():
  pipeline = toy.pipeline(count=7)
  properties = pipeline.components[0].exec_properties
  with parameters.exposed(pipeline, {'images': ['WriteExamples.count']}):
    parameter = properties['count']
    assert isinstance(parameter, RuntimeParameter)
    assert (parameter.name, parameter.ptype, parameter.default) == ('images', int, 7)
  assert properties['count'] == 7


def test_one_parameter_sets_several_properties_of_equal_value():
  pipeline = toy.pipeline(destination='{}')
  properties = {node.id: node.exec_properties for node in pipeline.components}
  with parameters.exposed(pipeline, {'text': ['WriteExamples.settings', 'Publish.destination']}):
    set_by_it = properties['WriteExamples']['settings'], properties['Publish']['destination']
    assert [(parameter.name, parameter.default) for parameter in set_by_it] == [('text', '{}')] * 2


@pytest.mark.parametrize(
  ('targets', 'message'),
  [
    pytest.param(['Count.wieght'], 'n: .*nearest: "Count.weight"', id='an unknown property'),
    pytest.param(['Conut.weight'], 'n: .*nearest: "Count"', id='an unknown component'),
    pytest.param(['WriteExamples.count', 'Count.weight'], 'Count.weight is 0.5.* 5', id='two unequal properties'),
  ],
)
def test_a_target_that_cannot_be_set_is_refused_and_the_pipeline_is_as_before(targets, message):
  pipeline = toy.pipeline()
  with pytest.raises(ConfigError, match=message), parameters.exposed(pipeline, {'n': targets}):
    pass
  assert pipeline.components[0].exec_properties['count'] == 5
