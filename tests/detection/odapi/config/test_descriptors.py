import pytest

from detection.odapi.config import config_io, descriptors


@pytest.mark.parametrize(
  ('name', 'is_repeated', 'is_map'),
  [('metrics_set', True, False), ('super_categories', True, True), ('batch_size', False, False)],
)
def test_lists_and_maps_are_told_apart(name, is_repeated, is_map):
  field = config_io.Config().eval_config.DESCRIPTOR.fields_by_name[name]
  assert (descriptors.is_repeated(field), descriptors.is_map(field)) == (is_repeated, is_map)


def test_an_enum_is_shown_by_its_name():
  train = config_io.Config().train_config
  assert descriptors.plain(train.DESCRIPTOR.fields_by_name['fine_tune_checkpoint_version'], 2) == 'V2'
  assert descriptors.plain(train.DESCRIPTOR.fields_by_name['batch_size'], 2) == 2


def test_known_paths_go_below_what_is_set_alone():
  config = config_io.parse('train_config { optimizer { adam_optimizer {} } } eval_input_reader {}')
  known = set(descriptors.known_paths(config))
  assert {'model', 'train_config.batch_size', 'train_config.optimizer.adam_optimizer.epsilon'} <= known
  assert 'eval_input_reader.0.shuffle' in known
  assert not any(path.startswith('model.') for path in known)
