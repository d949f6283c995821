from detection.odapi import compat
from detection.odapi.compat import estimator
from tests.support.stacks import only_where_needed


@only_where_needed(estimator)
def test_the_od_apis_inputs_and_model_lib_know_the_modes_by_name():
  compat.apply()
  from object_detection import inputs, model_lib

  assert model_lib.tf_estimator.ModeKeys.TRAIN == 'train'
  assert callable(inputs.train_input)
