"""metrics.json: complete, and readable as JSON."""

import json
import re

from components.evaluator import document, verdict
from components.evaluator.result import EvaluationResult
from detection.metrics import names
from tests.support.evaluations import result_of, scored


def test_metrics_json_holds_every_number_it_documents():
  content = json.loads(document.text(result_of(scored(), scored(blind=True))))
  documented = re.findall(r'^ {0,2}(\w+(?:, \w+)*)   *\S', document.__doc__, flags=re.M)
  fields = {name for line in documented for name in line.split(', ')}
  assert set(content) | set(content['model']) == fields
  assert set(content['model']['metrics']) == set(names.ALL)
  assert content['model']['per_class'][2]['metrics']['AP'] is None
  assert content['difference']['AP']['low'] > 0


def test_a_model_that_was_not_measured_has_a_verdict_and_no_numbers():
  content = document.build(EvaluationResult(verdict.refused('It does not serve.')))
  assert content['verdict'] == {'blessed': False, 'reason': 'It does not serve.', 'checks': []}
  assert (content['model'], content['baseline'], content['difference'], content['exports']) == (None, None, None, [])


def test_the_confusion_matrix_has_a_row_more_for_background_and_a_column_more_for_missed():
  confusion = document.build(result_of(scored()))['model']['confusion']
  assert len(confusion['labels']) + 1 == len(confusion['counts']) == len(confusion['counts'][0])
