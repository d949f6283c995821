import pytest

from detection.odapi.config import config_io, scalars

TRAIN = config_io.Config().train_config.DESCRIPTOR.fields_by_name
READER = config_io.Config().train_input_reader.DESCRIPTOR.fields_by_name


@pytest.mark.parametrize(
  ('field', 'value', 'expected'),
  [
    pytest.param(TRAIN['batch_size'], '4.0', 4, id='a whole number written as a fraction in a string'),
    pytest.param(TRAIN['gradient_clipping_by_norm'], '1e-3', 0.001, id='an exponent in a string'),
    pytest.param(TRAIN['use_bfloat16'], 'False', False, id='a boolean in a string'),
    pytest.param(TRAIN['fine_tune_checkpoint_version'], 'V2', 2, id='an enum by name'),
    pytest.param(TRAIN['freeze_variables'], '^a', '^a', id='one item of a repeated field'),
  ],
)
def test_a_value_becomes_what_the_field_holds(field, value, expected):
  assert scalars.parse(field, value) == pytest.approx(expected)


@pytest.mark.parametrize(
  ('field', 'value', 'expected'),
  [
    pytest.param(TRAIN['batch_size'], True, 'a whole number of 0 or more in range', id='a boolean for a number'),
    pytest.param(TRAIN['batch_size'], 10**400, 'a whole number of 0 or more in range', id='far out of range'),
    pytest.param(READER['num_keypoints'], -1, 'a whole number of 0 or more in range', id='negative'),
    pytest.param(TRAIN['gradient_clipping_by_norm'], 'inf', 'a finite number', id='infinity in a string'),
    pytest.param(TRAIN['gradient_clipping_by_norm'], False, 'a finite number', id='a boolean for a fraction'),
    pytest.param(TRAIN['use_bfloat16'], 1, 'true or false', id='a number for a boolean'),
    pytest.param(TRAIN['fine_tune_checkpoint_type'], 3, 'a string', id='a number for a string'),
    pytest.param(TRAIN['fine_tune_checkpoint_version'], 1.0, 'one of UNKNOWN, V1, V2', id='a fraction for an enum'),
  ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_was_expected(field, value, expected):
  with pytest.raises(ValueError, match=expected):
    scalars.parse(field, value)
