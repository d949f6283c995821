"""Which files a folder of predictions has."""

import json

import numpy as np
import pytest

from detection.base.errors import DataError
from detection.detections import Detections
from detection.inference import prediction_files
from detection.inference.predictions import Predicted

FOUND = Detections(np.array([[0.1, 0.2, 0.5, 0.6]], np.float32), np.array([2]), np.array([0.4], np.float32), ('dog',))
PREDICTED = [Predicted(1, 'in/a.png', (200, 100), FOUND), Predicted(2, 'clip.avi', (200, 100), FOUND, frame=0)]


@pytest.mark.parametrize(
  ('formats', 'expected'),
  [
    pytest.param([], ['predictions.json'], id='JSON always'),
    pytest.param(['csv'], ['predictions.csv', 'predictions.json'], id='CSV'),
    pytest.param(['voc'], ['predictions.json', 'voc/a-2.xml'], id="VOC, named like the image's copy, none for a video"),
  ],
)
def test_the_files_of_each_format(tmp_path, formats, expected):
  copies = {'in/a.png': tmp_path / 'a-2.jpg', 'clip.avi': tmp_path / 'clip.mp4'}
  prediction_files.write(tmp_path / 'out', PREDICTED, copies, formats, 0.5)
  files = [path for path in (tmp_path / 'out').rglob('*') if path.is_file()]
  assert sorted(path.relative_to(tmp_path / 'out').as_posix() for path in files) == expected
  assert len(json.loads((tmp_path / 'out' / 'predictions.json').read_text())) == 2


def test_voc_xml_has_the_detections_from_the_score_up(tmp_path):
  for score, count in ((0.5, 0), (0.4, 1)):
    prediction_files.write(tmp_path, PREDICTED[:1], {'in/a.png': tmp_path / 'a.jpg'}, ['voc'], score)
    assert (tmp_path / 'voc' / 'a.xml').read_text().count('<object>') == count


def test_a_file_that_cannot_be_written_is_named(tmp_path):
  (tmp_path / 'file').touch()
  with pytest.raises(DataError, match='a.jpg: cannot be written: '):
    prediction_files.write_whole(tmp_path / 'file' / 'a.jpg', b'')
