"""`detection-pipeline sample-data`, as a user calls it."""

from cli import main
from detection.sample_data import draw


def test_it_draws_the_images_asked_for(tmp_path):
  options = ['--images', '3', '--seed', '5', '--domain', 'night']
  assert main.main(['sample-data', str(tmp_path / 'a'), *options]) == 0
  draw.write(str(tmp_path / 'b'), images=3, seed=5, domain='night')
  drawn = [sorted((tmp_path / name / 'JPEGImages').iterdir()) for name in 'ab']
  assert len(drawn[0]) == 3
  assert [path.read_bytes() for path in drawn[0]] == [path.read_bytes() for path in drawn[1]]


def test_an_unknown_look_is_one_line_and_status_2(tmp_path, capsys):
  assert main.main(['sample-data', str(tmp_path / 'a'), '--domain', 'mars']) == 2
  assert capsys.readouterr().err.startswith('detection-pipeline sample-data: --domain: expected one of plain')
