"""What names a training's work folder, and what it adapts to."""

import io
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
  (folder / 'Split-train' / 'data').write_bytes(content)
  return artifact


def test_a_training_is_named_by_the_targets_bytes_and_strength_and_not_by_its_place(tmp_path):
  source = examples(tmp_path / 'source', b'source')

  def digest(place, content, weight=0.1):
    target = examples(tmp_path / place, content)
    adaptation = Adaptation([f'{target.uri}/Split-train/*'], weight, 100)
    return training_inputs.content_digest('config', [source, target], '{}', adaptation)

  first = digest('a', b'one')
  assert digest('b', b'one') == first
  assert digest('c', b'two') != first
  assert digest('d', b'one', weight=0.2) != first
  assert training_inputs.content_digest('config', [source], '{}') != first


def test_files_that_were_scanned_are_not_read_again_and_give_the_same_name(tmp_path):
  content = io.BytesIO()
  records.write(content, records.serialize(records.LabelledImage(b'image', 'png', 1, 1, 'a.png', [])))
  source = examples(tmp_path / 'source', content.getvalue())
  name = training_inputs.content_digest('config', [source], '{}')
  scans = training_inputs.scan([source])
  (tmp_path / 'source' / 'Split-train' / 'data').write_bytes(b'')
  assert training_inputs.content_digest('config', [source], '{}', scans=scans) == name


def test_what_was_kept_when_the_files_were_written_is_not_read(tmp_path):
  source = examples(tmp_path / 'source', b'no TFRecord file')
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
