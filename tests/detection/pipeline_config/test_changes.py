"""What patching changed is listed, each line with its reason."""

from detection.odapi.config import config_io
from detection.pipeline_config import changes
from detection.pipeline_config.changes import Change

BEFORE = config_io.parse('train_config { batch_size: 64 use_bfloat16: true gradient_clipping_by_norm: 10 }')
AFTER = config_io.parse("""train_config { batch_size: 8 gradient_clipping_by_norm: 10 max_number_of_boxes: 7
  optimizer { adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.001 } } } } }""")
RATE = 'train_config.optimizer.adam_optimizer.learning_rate.constant_learning_rate.learning_rate'


def test_each_field_that_differs_is_one_change_with_its_reason():
  found = changes.between(BEFORE, AFTER, overrides=('optimizer',), tuned=('train_config.max_number_of_boxes',))

  assert found == [
    Change('train_config.batch_size', '64', '8', 'train.batch_size'),
    Change(RATE, '(unset)', '0.001', 'model.overrides'),
    Change('train_config.max_number_of_boxes', '(unset)', '7', 'tuned'),
    Change('train_config.use_bfloat16', 'true', '(unset)', 'works on TPUs alone'),
  ]


def test_equal_configs_have_no_changes():
  assert changes.between(AFTER, AFTER, overrides=()) == []


def test_the_page_has_one_line_a_change():
  page = changes.render([Change('a.b', '1', '2', ''), Change('c', '"x"', '(unset)', 'why')], 'mine.config')

  assert page == '2 fields of mine.config were changed:\n\na.b: 1 -> 2\nc: "x" -> (unset)  # why\n'
