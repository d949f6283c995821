"""The check-data command: what it prints, what it writes, its exit status."""

import json
import subprocess
import sys

import pytest

from cli import check_data
from components.voc_example_gen.report import summary
from detection.base.errors import ConfigError
from tests.support import voc_maker
from tests.support.voc_maker import thing, voc


@pytest.fixture
def messy(tmp_path):
  return voc_maker.messy(tmp_path / 'data')


def test_check_data_says_what_ingestion_would(messy, tmp_path, capsys):
  status = check_data.run(str(messy), json_file=str(tmp_path / 'report.json'))
  out, err = capsys.readouterr()
  assert status == 1
  assert '2 of 14 files refused' in err
  assert 'JPEGImages/half.jpg: OSError: image file is truncated' in out
  found = json.loads((tmp_path / 'report.json').read_text())
  planned, _, tally = voc_maker.examine(messy)
  assert found == summary.as_dict(planned, tally)
  assert check_data.run(str(messy), settings={'max_bad_fraction': 0.5}) == 0


def test_check_data_changes_nothing(messy):
  before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in messy.rglob('*') if p.is_file()}
  check_data.run(str(messy))
  assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in messy.rglob('*') if p.is_file()} == before


def test_the_csv_of_a_folder_reads_back_as_the_same_boxes(messy, tmp_path):
  table = tmp_path / 'labels.csv'
  check_data.run(str(messy), csv_file=str(table))
  assert table.read_text().splitlines()[0] == 'filename,width,height,class,xmin,ymin,xmax,ymax'
  assert 'JPEGImages/000.jpg,64,48,cat,10,10,30,30' in table.read_text()
  (messy / 'labels.csv').write_text(table.read_text())
  _, as_voc, _ = voc_maker.examine(messy, data_format='voc')
  _, as_csv, tally = voc_maker.examine(messy, data_format='csv')
  used = {image: outcome.objects for image, outcome in as_voc.items() if not outcome.reason}
  assert {image: outcome.objects for image, outcome in as_csv.items()} == used
  assert len(used) == 12
  assert not tally.bad


def test_a_report_that_cannot_be_written_is_one_line(messy, tmp_path):
  with pytest.raises(ConfigError, match='cannot be written'):
    check_data.run(str(messy), json_file=str(tmp_path / 'nowhere/report.json'))


def test_names_cannot_write_to_the_terminal(tmp_path, capsys):
  root = voc_maker.devkit(tmp_path, 4)
  voc_maker.write(root, {'\x1b[2J\nall is well.xml': voc(thing())})
  assert check_data.run(str(root)) == 1
  for shown in capsys.readouterr():
    assert '\x1b' not in shown
    assert r'\x1b[2J\nall is well.xml' in shown


def test_check_data_starts_without_tensorflow_or_beam(messy):
  code = (
    'import sys; from cli import main as cli; cli.main(["check-data", sys.argv[1]]);'
    'sys.exit(sum(name in sys.modules for name in ("tensorflow", "apache_beam", "tfx")))'
  )
  assert subprocess.run([sys.executable, '-c', code, str(messy)], capture_output=True).returncode == 0
