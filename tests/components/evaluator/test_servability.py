"""Does a SavedModel answer in a process of its own?"""

import re

import pytest

from components.evaluator import servability

LABEL_MAP = 'item { id: 1 name: "red" }'


def save(folder, score):
  """A SavedModel that finds one box of this score in everything; None: 0.5, and no `image_bytes` signature."""
  import tensorflow as tf

  def answer(images):
    ones = tf.ones([tf.shape(images)[0]])
    return {
      'detection_boxes': ones[:, None, None] * tf.constant([[[0.1, 0.1, 0.5, 0.5]]]),
      'detection_classes': ones[:, None],
      'detection_scores': ones[:, None] * (0.5 if score is None else score),
      'num_detections': ones,
    }

  tensors = tf.function(answer).get_concrete_function(
    tf.TensorSpec([None, None, None, 3], tf.uint8, name='input_tensor')
  )
  texts = tf.function(lambda x: answer(x)).get_concrete_function(tf.TensorSpec([None], tf.string, name='image_bytes'))
  signatures = {'serving_default': tensors} | ({} if score is None else {'image_bytes': texts})
  tf.saved_model.save(tf.Module(), str(folder), signatures)
  (folder / 'label_map.pbtxt').write_text(LABEL_MAP)
  return str(folder)


@pytest.mark.slow
def test_a_model_that_answers_has_no_problem_whatever_the_working_folder(colour_model, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  assert servability.problem(str(colour_model / 'Format-Serving')) == ''


@pytest.mark.slow
@pytest.mark.parametrize(
  ('score', 'reason'),
  [(float('nan'), 'not finite'), (1.5, r'outside \[0, 1\]'), (None, 'no signature "image_bytes"')],
)
def test_what_is_wrong_with_a_model_is_one_line(tmp_path, score, reason):
  found = servability.problem(save(tmp_path / 'model', score))
  assert '\n' not in found
  assert re.search(reason, found)


@pytest.mark.slow
def test_a_model_that_does_not_answer_in_time_is_not_served(colour_model):
  assert 'no answer within 0 s' in servability.problem(str(colour_model), timeout=0.01)
