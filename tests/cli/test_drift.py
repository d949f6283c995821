"""`detection-pipeline drift` with a detector of coloured rectangles and mean colours for features."""

import json
import shutil

import numpy as np
import PIL.Image
import pytest

from cli import main
from detection.crops import load_backbone
from tests.support import colour_crops

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _mean_colour(monkeypatch):
  monkeypatch.setattr(load_backbone, 'load', lambda source: colour_crops.mean_colour())


def images(folder, draw, seed, dark=1.0, count=12):
  """A folder of pictures with one red rectangle and some grain."""
  folder.mkdir()
  rng = np.random.default_rng(seed)
  for number in range(count):
    top, left = rng.integers(0, 30, 2)
    pixels = draw([('red', (top, left, top + 20, left + 30))])
    PIL.Image.fromarray((pixels * dark * rng.uniform(0.9, 1)).astype(np.uint8)).save(folder / f'{number}.png')
  return str(folder)


def drift(*words):
  return main.main(['drift', *map(str, words)])


def test_more_of_the_same_is_no_drift_and_darkness_is(colour_model, draw, tmp_path, capsys):
  day, more, night = (
    images(tmp_path / name, draw, seed, dark) for name, seed, dark in (('a', 1, 1), ('b', 2, 1), ('c', 3, 0.3))
  )
  kept = tmp_path / 'kept.npz'
  assert drift(colour_model, more, '--reference', day, '--save-reference', kept) == 0
  assert 'no drift seen; false alarms: at most 1.00% of such comparisons' in capsys.readouterr().out
  assert drift(colour_model, night, '--reference', kept, '--output', tmp_path / 'out') == 3
  said = capsys.readouterr().out
  assert '12 new images against 12 of the reference' in said
  assert 'features: p 0.0005 (differs)' in said
  assert 'drift: features' in said
  found = json.loads((tmp_path / 'out' / 'drift.json').read_text())
  assert 'features' in found['drifted']
  foreign = [image['foreignness'] for image in found['images']]
  assert foreign == sorted(foreign, reverse=True)
  assert (tmp_path / 'out' / 'drift.html').read_text().count('<figure>') == 12


def test_what_was_pushed_with_the_model_is_the_reference(colour_model, draw, tmp_path, capsys):
  day, night = images(tmp_path / 'a', draw, 1), images(tmp_path / 'b', draw, 2, 0.3)
  model = tmp_path / 'model'
  shutil.copytree(colour_model, model)
  assert drift(model, night) == 2
  assert '--reference: none was pushed with' in capsys.readouterr().err
  kept = model / 'Format-Serving' / 'exports' / 'drift_reference.npz'
  assert drift(model, day, '--reference', day, '--save-reference', kept) == 0
  assert drift(model, night) == 3


@pytest.mark.parametrize(
  ('words', 'message'),
  [
    (['--min-score', '2'], '--min-score: expected a number from 0 to 1'),
    (['--sample', '0'], '--sample: expected 1 or more'),
    (['--false-alarms', '0'], 'false alarms: expected a rate'),
  ],
)
def test_a_wrong_number_is_one_line(words, message, capsys):
  assert drift('model', 'images', '--reference', 'others', *words) == 2
  assert message in capsys.readouterr().err


def test_a_sample_is_taken_of_many_images(colour_model, draw, tmp_path, capsys):
  day, more = images(tmp_path / 'a', draw, 1), images(tmp_path / 'b', draw, 2)
  (tmp_path / 'b' / '3.png').write_bytes(b'')
  assert drift(colour_model, more, '--reference', day, '--sample', 7) in (0, 3)
  assert 'of the reference' in capsys.readouterr().out
