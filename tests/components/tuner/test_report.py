from components.tuner import report, results
from components.tuner.results import TrialResult
from tests.support.searches import open_study, run, settings


def test_the_page_shows_the_best_every_trial_and_each_effect(tmp_path):
  tune = settings(trials=6)
  trials = run(open_study(tmp_path, tune))
  trials[2] = results.failed(trials[2], 'step 3: Loss/total_loss is nan. Images of the batch: <b>.jpg')

  html = report.render(tune, trials)

  assert f'in trial {results.best(trials).number}' in html
  assert html.count('<img src="data:image/svg+xml') == 3
  assert '&lt;b&gt;.jpg' in html
  assert html.count('<tr><td>') == 7
  assert 'http' not in html.split('<main>')[1].replace('data:', '')


def test_a_search_whose_every_trial_failed_has_a_page_too():
  trials = [TrialResult(0, {}, results.FAILED, reason='out of memory')]

  assert 'out of memory' in report.render(settings(), trials)
