"""`detection-pipeline predict`, as a user calls it."""

import csv
import errno
import json
import pathlib
import re

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from cli import main
from components.voc_example_gen.formats import voc
from detection.base import files


@pytest.fixture
def photos(tmp_path, draw):
  """A folder with three images, one of them in a folder below."""
  folder = tmp_path / 'photos'
  (folder / 'more').mkdir(parents=True)
  PIL.Image.fromarray(draw([('red', (10, 20, 34, 52))])).save(folder / 'a.png')
  PIL.Image.fromarray(draw([('blue', (0, 0, 32, 48))], size=(192, 128))).save(folder / 'b.png')
  PIL.Image.fromarray(draw([])).save(folder / 'more' / 'a.png')
  (folder / 'notes.txt').write_text('not an image')
  return folder


def predict(model, output, *sources, **options):
  words = [word for name, value in options.items() for word in (f'--{name.replace("_", "-")}', str(value))]
  return main.main(['predict', '--model', str(model), '--output', str(output), *words, *map(str, sources)])


def write_clip(path, draw, frames, pixels_a_frame=2):
  """A video of 10 frames a second, in which a red box of 32 x 24 pixels moves to the right."""
  import cv2

  writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, (96, 64))
  for left in range(0, frames * pixels_a_frame, pixels_a_frame):
    writer.write(cv2.cvtColor(draw([('red', (10, left, 34, left + 32))]), cv2.COLOR_RGB2BGR))
  writer.release()


def test_tiles_find_the_same_at_the_same_place(colour_model, photos, tmp_path):
  assert predict(colour_model, tmp_path / 'out', photos / 'a.png', tile_size=64, tile_overlap=0.5) == 0
  (row,) = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
  assert row['category_name'] == 'red'
  np.testing.assert_allclose(row['bbox'], [20, 10, 32, 24], atol=1)


@pytest.mark.parametrize(
  ('options', 'message'),
  [({'tile_size': 8}, '--tile-size: expected 32 or more'), ({'tile_size': 64, 'tile_overlap': 1}, '--tile-overlap: ')],
)
def test_tiles_that_make_no_sense_are_one_line(options, message, tmp_path, capsys):
  assert predict('model', tmp_path / 'out', 'images', **options) == 2
  assert message in capsys.readouterr().err


def test_images_are_annotated_and_predictions_stand_in_pixels(colour_model, photos, tmp_path, capsys):
  assert predict(colour_model, tmp_path / 'out', photos, batch_size=2) == 0
  assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['a-2.jpg', 'a.jpg', 'b.jpg', 'predictions.json']
  rows = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
  assert [(row['file_name'], row['category_name'], row['category_id'], row['bbox']) for row in rows] == [
    (str(photos / 'a.png'), 'red', 1, [20, 10, 32, 24]),
    (str(photos / 'b.png'), 'blue', 2, [0, 0, 48, 32]),
  ]
  with PIL.Image.open(tmp_path / 'out' / 'a.jpg') as drawn, PIL.Image.open(photos / 'a.png') as original:
    assert drawn.size == original.size
    assert drawn.tobytes() != original.tobytes()
  out = capsys.readouterr().out
  assert '3 images, 2 objects' in out
  assert re.search(r'images/s; side by side: reading \d.* s, detecting .* s, drawing .* s, saving .* s; slowest: ', out)


def test_many_images_keep_their_order_and_each_its_boxes(colour_model, draw, tmp_path):
  (tmp_path / 'many').mkdir()
  for number in range(20):
    PIL.Image.fromarray(draw([('red', (10, number, 34, number + 20))])).save(tmp_path / 'many' / f'{number:02d}.png')
  assert predict(colour_model, tmp_path / 'out', tmp_path / 'many', batch_size=2) == 0
  rows = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
  assert [(row['image_id'], row['bbox'][0]) for row in rows] == [(number + 1, number) for number in range(20)]
  assert len(list((tmp_path / 'out').glob('*.jpg'))) == 20


def test_images_that_cannot_be_read_are_named_and_left_out_and_the_others_predicted(
  colour_model, draw, tmp_path, capsys, monkeypatch
):
  folder = tmp_path / 'many'
  folder.mkdir()
  for number in range(20):
    PIL.Image.fromarray(draw([('red', (10, number, 34, number + 20))])).save(folder / f'{number:02d}.png')
  monkeypatch.setattr(PIL.Image, 'MAX_IMAGE_PIXELS', 96 * 64)
  PIL.Image.new('L', (200, 200)).save(folder / '00.png')  # a decompression bomb: above twice the limit
  (folder / '15.png').write_bytes(b'not an image')
  (folder / '16.png').write_bytes(b'')
  assert predict(colour_model, tmp_path / 'out', folder, batch_size=2) == 1
  rows = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
  assert [row['bbox'][0] for row in rows] == [number for number in range(20) if number not in (0, 15, 16)]
  assert len(list((tmp_path / 'out').glob('*.jpg'))) == 17
  said = capsys.readouterr()
  lines = said.err.splitlines()
  assert [line.split(': ')[:2] for line in lines[:3]] == [
    ['left out', str(folder / name)] for name in ('00.png', '15.png', '16.png')
  ]
  assert 'decompression bomb' in lines[0]
  assert lines[-1] == 'detection-pipeline predict: left out: 3; each is named above.'
  assert '17 images, 17 objects' in said.out


def test_an_image_that_pillow_reads_and_tensorflow_does_not_is_predicted_too(colour_model, draw, tmp_path):
  folder = tmp_path / 'many'
  folder.mkdir()
  for number in range(3):
    PIL.Image.fromarray(draw([('red', (10, 20, 34, 52))])).save(folder / f'{number}.png')
  whole = (folder / '1.png').read_bytes()
  (folder / '1.png').write_bytes(whole[:-12])  # without its last chunk, IEND
  with pytest.raises(tf.errors.InvalidArgumentError):
    tf.io.decode_image(whole[:-12])
  assert predict(colour_model, tmp_path / 'out', folder) == 0
  rows = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
  assert [row['bbox'] for row in rows] == 3 * [[20, 10, 32, 24]]


@pytest.mark.parametrize(
  ('sources', 'options', 'status', 'message'),
  [
    pytest.param(['nowhere'], {}, 2, 'nowhere: no such file or folder', id='a missing source'),
    pytest.param(['empty'], {}, 2, 'no images', id='an empty folder'),
    pytest.param(['photos'], {'min_score': 50}, 2, '--min-score', id='a score in percent'),
    pytest.param(['photos'], {'classes': 'rad'}, 2, 'no class "rad"; nearest: "red"', id='an unknown class'),
    pytest.param(['photos/*.webp'], {}, 2, 'no such file', id='a glob that finds nothing'),
    pytest.param(['clip.mp4'], {}, 1, 'not a video', id='a file that is no video'),
    pytest.param(['photos'], {'batch_size': 0}, 2, '--batch-size', id='no batch'),
    pytest.param(['photos'], {'model': 'empty'}, 1, 'no SavedModel', id='no model'),
    pytest.param(['photos/notes.txt'], {}, 1, 'notes.txt: not an image', id='a file that is no image'),
    pytest.param(['photos/notes.txt', 'clip.mp4'], {}, 1, '2 files, none can be read. The first', id='none of two'),
    pytest.param(['photos/a.png'], {'output': 'photos'}, 2, 'Give a new folder', id='the images own folder'),
  ],
)
def test_mistakes_are_one_line(colour_model, photos, tmp_path, capsys, sources, options, status, message):
  (tmp_path / 'empty').mkdir()
  (tmp_path / 'clip.mp4').write_text('not a video')
  model = tmp_path / options.pop('model') if 'model' in options else colour_model
  output = tmp_path / options.pop('output', 'out')
  before = sorted(photos.rglob('*'))
  assert predict(model, output, *(tmp_path / source for source in sources), **options) == status
  error = capsys.readouterr().err.strip().splitlines()[-1]
  assert error.startswith('detection-pipeline predict: ')
  assert message in error
  assert sorted(photos.rglob('*')) == before


def test_predictions_may_be_made_again_in_the_same_folder(colour_model, photos, tmp_path):
  assert predict(colour_model, tmp_path / 'out', photos) == 0
  assert predict(colour_model, tmp_path / 'out', photos / 'b.png') == 0
  assert {row['category_name'] for row in json.loads(pathlib.Path(tmp_path, 'out/predictions.json').read_text())} == {
    'blue'
  }


def test_predictions_as_voc_xml_are_read_again_as_labels(colour_model, photos, tmp_path):
  assert predict(colour_model, tmp_path / 'out', photos, format='voc') == 0
  annotation = voc.parse((tmp_path / 'out' / 'voc' / 'a.xml').read_bytes())
  assert (annotation.filename, annotation.width, annotation.height) == ('a.png', 96, 64)
  assert [(o.label, o.xmin, o.ymin, o.xmax, o.ymax) for o in annotation.objects] == [('red', 20, 10, 52, 34)]
  assert voc.parse((tmp_path / 'out' / 'voc' / 'a-2.xml').read_bytes()).objects == ()


def test_predictions_as_csv(colour_model, photos, tmp_path):
  assert predict(colour_model, tmp_path / 'out', photos / 'a.png', format='csv') == 0
  with open(tmp_path / 'out' / 'predictions.csv', newline='') as file:
    (row,) = csv.DictReader(file)
  assert row['category_name'] == 'red'
  assert [float(row[side]) for side in ('xmin', 'ymin', 'xmax', 'ymax')] == [20, 10, 52, 34]
  assert row['frame'] == ''


def test_other_classes_can_be_left_out_and_globs_given(colour_model, photos, tmp_path):
  assert predict(colour_model, tmp_path / 'out', photos / '*.png', classes='blue') == 0
  rows = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
  assert [(row['image_id'], row['category_name']) for row in rows] == [(2, 'blue')]


def test_a_video_is_annotated_frame_by_frame(colour_model, draw, tmp_path):
  write_clip(tmp_path / 'clip.avi', draw, 5, pixels_a_frame=10)
  assert predict(colour_model, tmp_path / 'out', tmp_path / 'clip.avi', batch_size=2) == 0
  rows = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
  assert [row['frame'] for row in rows] == [0, 1, 2, 3, 4]
  np.testing.assert_allclose([row['bbox'][0] for row in rows], [0, 10, 20, 30, 40], atol=2)  # MJPG blurs edges
  import cv2

  capture = cv2.VideoCapture(str(tmp_path / 'out' / 'clip.mp4'))
  assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
  assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
  assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['clip.mp4', 'predictions.json']


def test_a_video_that_was_cut_short_is_predicted_as_far_as_it_goes_and_named(colour_model, draw, tmp_path, capsys):
  write_clip(tmp_path / 'whole.avi', draw, 20)
  (tmp_path / 'cut.avi').write_bytes((tmp_path / 'whole.avi').read_bytes()[:-9000])
  assert predict(colour_model, tmp_path / 'out', tmp_path / 'cut.avi', tmp_path / 'whole.avi', batch_size=3) == 1
  error = capsys.readouterr().err
  read = int(re.search(r'left out: .*cut.avi: (\d+) of the 20 frames', error)[1])
  rows = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
  assert [row['frame'] for row in rows] == [*range(read), *range(20)]
  assert 0 < read < 20
  assert 'left out: 1; each' in error


def test_a_full_disk_is_one_line(colour_model, photos, tmp_path, capsys, monkeypatch):
  def full(source, target):
    raise OSError(errno.ENOSPC, 'No space left on device')

  monkeypatch.setattr(files, 'rename', full)
  assert predict(colour_model, tmp_path / 'out', photos) == 1
  assert capsys.readouterr().err.strip().endswith('a.jpg: cannot be written: No space left on device.')
  assert list((tmp_path / 'out').iterdir()) == []
