"""A whole run on KFP from local files to a pushed model. A search under KFP is in test_kfp_run_from_s3.py."""

import pytest

from detection.sample_data import draw
from tests.support.whole_runs import assert_pushed, made, run


@pytest.mark.slow
def test_from_local_files_to_a_model_adapted_and_named_and_pushed(tmp_path):
  serving, night = tmp_path / 'serving', tmp_path / 'night'
  draw.write(str(tmp_path / 'data'), images=24, seed=0)
  draw.write(str(night), images=8, seed=1, domain='night')
  places = {'work_root': tmp_path / 'work', 'push_destination': serving}
  states = run(tmp_path, str(tmp_path / 'data'), f'adapt.target={night}', 'two_stage={}', **places)
  assert set(states.values()) == {'SUCCEEDED'}
  assert {'StatisticsGen', 'SchemaGen', 'ExampleValidator', 'DetectionPusher'} <= set(states)
  assert_pushed([str(path.relative_to(serving)) for path in serving.rglob('*')])
  assert 'train/Domain/loss' in made(tmp_path, 'run.json')['last_evaluation']
  assert set(made(tmp_path, 'classifier.json')['objects']) == set(draw.CLASSES)
  # Training clears what it kept for a restart.
  assert not list((tmp_path / 'work').iterdir())
