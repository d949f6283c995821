"""Facts for the model card, from the files of other components."""

import json

import pytest

from components.evaluator import facts

CONFIG = """
model { ssd {
  num_classes: 2
  feature_extractor { type: "ssd_mobilenet_v2_keras" }
  image_resizer { %s }
} }
train_config { batch_size: 8 num_steps: 200 }
"""
RESIZER = 'fixed_shape_resizer { width: 320 height: 240 }'


@pytest.fixture
def model(tmp_path):
  (tmp_path / 'model').mkdir()
  (tmp_path / 'model' / 'pipeline.config').write_text(CONFIG % RESIZER)
  return tmp_path / 'model'


def test_the_config_tells_architecture_size_and_training(model):
  found = facts.collect(str(model), fingerprint='abc')
  expected = {
    'architecture': 'ssd',
    'feature extractor': 'ssd_mobilenet_v2_keras',
    'image size': '320 x 240',
    'steps': '200',
    'batch size': '8',
    'started from': 'random weights',
    'data fingerprint': 'abc',
  }
  assert list(found.items())[: len(expected)] == list(expected.items())
  assert {'Python', 'tensorflow', 'tfx'} <= found.keys()


@pytest.mark.parametrize(
  ('resizer', 'size'),
  [
    pytest.param(
      'keep_aspect_ratio_resizer { min_dimension: 600 max_dimension: 1024 }',
      'shorter side 600, longer at most 1024',
      id='aspect kept',
    ),
    pytest.param('identity_resizer {}', None, id='images as they are'),
  ],
)
def test_the_image_size_as_the_config_gives_it(model, resizer, size):
  (model / 'pipeline.config').write_text(CONFIG % resizer)
  assert facts.collect(str(model)).get('image size') == size


def test_the_trainers_records_are_told_and_what_they_lack_is_left_out(model, tmp_path):
  (tmp_path / 'run.json').write_text(json.dumps({'exported_step': 150, 'stopped_because': None}))
  found = facts.collect(str(model), str(tmp_path))
  assert found['exported step'] == '150'
  assert 'stopped because' not in found


def test_a_folder_without_a_config_has_facts_too(tmp_path):
  assert 'architecture' not in facts.collect(str(tmp_path))


@pytest.mark.parametrize(('accuracy', 'text'), [(0.98765, '0.988'), (None, 'too few images')])
def test_a_classifier_behind_a_detector_is_told(model, accuracy, text):
  fitted = {'kind': 'logistic', 'objects': {'cat': 3, 'dog': 4}, 'cross_validated_accuracy': accuracy}
  assert facts.trained(str(model)) == 'the model'
  (model / 'classifier.json').write_text(json.dumps(fitted))
  found = facts.collect(str(model))
  assert found['named by'] == 'logistic classifier on 7 objects'
  assert found['its accuracy, cross-validated'] == text
  assert facts.trained(str(model)).startswith('the detector alone')


def test_the_history_has_one_row_for_each_line(tmp_path):
  (tmp_path / 'history.jsonl').write_text('{"step": 1, "AP": 0.1}\n\n{"step": 2, "AP": 0.2}\n')
  assert facts.history(str(tmp_path)) == [{'step': 1, 'AP': 0.1}, {'step': 2, 'AP': 0.2}]


@pytest.mark.parametrize('folder', ['', 'absent'])
def test_without_a_history_there_are_no_rows(tmp_path, folder):
  assert facts.history(folder and str(tmp_path / folder)) == []
