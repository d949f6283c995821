"""The trainer as a job on several nodes."""

import json
import re
import signal

import numpy as np
import pytest
import tensorflow as tf

from kubeflow.runtime import train_job
from tests.support import job_nodes

CONFIG = """
train_input_reader { label_map_path: "/minio/b/LabelMapGen/1/label_map/label_map.pbtxt"
  tf_record_input_reader { input_path: "/minio/b/VocExampleGen/1/examples/Split-train/*" } }
eval_input_reader { label_map_path: "/minio/b/LabelMapGen/1/label_map/label_map.pbtxt"
  tf_record_input_reader { input_path: "/minio/b/VocExampleGen/1/examples/Split-eval/*" } }
"""


def test_a_pipelines_config_is_pointed_to_data_outside_its_pods():
  pointed = train_job.point_to(CONFIG, 's3://b/examples/', 's3://b/label_map.pbtxt')
  assert '/minio' not in pointed
  assert pointed.count('label_map_path: "s3://b/label_map.pbtxt"') == 2
  assert 'input_path: "s3://b/examples/Split-train/*"' in pointed
  assert 'input_path: "s3://b/examples/Split-eval/*"' in pointed


def test_a_training_that_is_to_adapt_to_nothing_says_so_in_one_line(tmp_path, capsys, monkeypatch):
  monkeypatch.setattr(signal, 'signal', lambda *_: None)
  (tmp_path / 'pipeline.config').write_text(CONFIG)
  values = {'--pipeline-config': tmp_path / 'pipeline.config', '--examples': '/e', '--label-map': '/l/label_map.pbtxt'}
  values |= {'--work-root': '/w', '--output': '/o', '--adapt': '{"weight": 0.3}'}

  status = train_job.main([f'{name}={value}' for name, value in values.items()])

  assert status == 2
  assert re.fullmatch(r'kubeflow.runtime.train_job: .*adapt: expected target_examples.*\n', capsys.readouterr().err)


@pytest.fixture
def nodes(tmp_path):
  made = job_nodes.JobNodes(tmp_path)
  yield made
  made.end()


@pytest.mark.slow
def test_two_nodes_train_as_the_operator_starts_them_and_the_chief_writes_the_model(finished_run, tmp_path, nodes):
  text = (finished_run.artifact('ConfigPatcher', 'pipeline_config') / 'pipeline.config').read_text()
  (tmp_path / 'pipeline.config').write_text(re.sub(r'\bnum_steps: \d+', 'num_steps: 2', text))
  values = {'--pipeline-config': tmp_path / 'pipeline.config', **job_nodes.job_values(finished_run, tmp_path)}
  started = [nodes.start('tfjob.yaml', role, values, '--settings={"export": "last"}') for role in ('chief', 'worker')]
  outputs = job_nodes.read_to_the_end(started)
  assert [node.returncode for node in started] == [0, 0], '\n'.join(outputs)
  assert (tmp_path / 'output/model/Format-Serving/saved_model.pb').exists()
  assert json.loads((tmp_path / 'output/model_run/run.json').read_text())['steps'] == 2
  # The averages of batch norm are the mean of both nodes', as the last checkpoint has them.
  exported, last = (
    tf.train.load_checkpoint(str(tmp_path / 'output' / path)) for path in ('model/checkpoint', 'model_run/checkpoints')
  )
  averages = [name for name in exported.get_variable_to_shape_map() if 'moving_mean' in name]
  assert averages
  assert all(np.array_equal(exported.get_tensor(name), last.get_tensor(name)) for name in averages)
  assert list((tmp_path / 'work').iterdir()) == []
