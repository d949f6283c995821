"""The local runner: what it shows, and what it sends to the log. Whole runs are in tests/e2e."""

import logging
import os

import pytest

from detection.base.errors import ConfigError
from pipeline import local_runner
from pipeline.config import RunConfig


def test_stderr_and_logging_go_to_the_log_while_stdout_stays(tmp_path, capfd):
  log = tmp_path / 'logs' / 'run.log'
  with local_runner._output_in(str(log)):
    print('for the user', flush=True)
    os.write(2, b'from C++\n')
    logging.getLogger('a.library').info('a note')
  os.write(2, b'on the screen again\n')
  assert capfd.readouterr() == ('for the user\n', 'on the screen again\n')
  written = log.read_text()
  assert all(line in written for line in ('from C++', 'INFO a.library: a note'))


def test_each_step_is_shown_with_its_number_and_whether_it_came_from_the_cache(capsys, caplog):
  caplog.set_level(logging.INFO)
  with local_runner._steps_shown(['VocExampleGen', 'LabelMapGen']):
    logging.info('Component VocExampleGen is running.')
    logging.info('A cached execution 3 is used.')
    logging.info('Component VocExampleGen is finished.')
    logging.info('Component LabelMapGen is running.')
    logging.info('Component LabelMapGen is finished.')
  logging.info('Component LabelMapGen is running.')
  assert capsys.readouterr().out.splitlines() == [
    '[1/2] VocExampleGen',
    '      VocExampleGen: from the cache',
    '[2/2] LabelMapGen',
    '      LabelMapGen: 0.0 s',
  ]


def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path):
  (tmp_path / 'runs').write_text('a file')
  with pytest.raises(ConfigError, match='output_root: ".*detector" cannot be written to: '):
    local_runner.run(RunConfig(data={'root': str(tmp_path)}, output_root=str(tmp_path / 'runs')))
