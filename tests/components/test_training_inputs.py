"""What names a training's work folder, and what it adapts to."""

import json

from tfx.types import standard_artifacts

from components import training_inputs
from detection import kept_scans, record_scan, records
from detection.odapi.config import config_io
from detection.training.adaptation import Adaptation

CONFIG = config_io.parse('train_config { num_steps: 50 }')


def examples(folder, content):
  artifact = standard_artifacts.Examples()
  artifact.uri = str(folder)
  (folder / 'Split-train').mkdir(parents=True)
  with (folder / 'Split-train' / 'data').open('wb') as file:
    records.write(file, records.serialize(records.LabelledImage(content, 'png', 1, 1, 'a.png', [])))
  return artifact


def digest_of(*artifacts, adaptation=None):
  return training_inputs.content_digest('config', artifacts, '{}', training_inputs.scan(artifacts), adaptation)


def test_a_training_is_named_by_the_targets_bytes_and_strength_and_not_by_its_place(tmp_path):
  source = examples(tmp_path / 'source', b'source')

  def digest(place, content, weight=0.1):
    target = examples(tmp_path / place, content)
    adaptation = Adaptation([f'{target.uri}/Split-train/*'], weight, 100)
    return digest_of(source, target, adaptation=adaptation)

  first = digest('a', b'one')
  assert digest('b', b'one') == first
  assert digest('c', b'two') != first
  assert digest('d', b'one', weight=0.2) != first
  assert digest_of(source) != first


def test_what_was_kept_when_the_files_were_written_is_not_read(tmp_path):
  source = examples(tmp_path / 'source', b'source')
  (tmp_path / 'source/Split-train/data').write_bytes(b'no TFRecord file')
  scan = record_scan.FileScan('ab', 3, 12, {'cat': ['a.png']}, [], {'cat': 5})
  kept_scans.write(source.uri, {'Split-train/data': kept_scans.KeptScan(16, scan)})
  assert list(training_inputs.scan([source]).values()) == [scan]


def test_a_run_without_target_examples_adapts_to_nothing():
  assert training_inputs.adaptation_of(CONFIG, {}, {}) == (None, [])


def test_the_train_split_of_the_target_is_adapted_to_over_all_steps(tmp_path):
  target = examples(tmp_path / 'target', b'target')
  target.split_names = '["train"]'
  properties = {'adapt': json.dumps({'weight': 0.3, 'batch_norm': 'source'})}
  adaptation, artifacts = training_inputs.adaptation_of(CONFIG, {'target_examples': [target]}, properties)
  assert adaptation == Adaptation([f'{target.uri}/Split-train/*'], 0.3, 50, 'source')
  assert artifacts == [target]
