"""ModelExporter on the model that a whole run trained."""

import json

import numpy as np
import pytest
from tfx.types import standard_artifacts

from components.artifacts import ExportedModels
from components.model_exporter import executor
from detection.base.errors import DataError
from detection.crops import load_backbone
from detection.drift import sample
from detection.inference import parity
from detection.inference.detector import Detector
from tests.support import colour_crops


def export(model, examples, folder, kinds=(), onnx=(), score_threshold=0.0, max_detections=None, drift=None):
  """Runs the executor."""
  artifacts = {'model': standard_artifacts.Model(), 'examples': standard_artifacts.Examples()}
  artifacts['model'].uri, artifacts['examples'].uri = str(model), str(examples)
  artifacts['examples'].split_names = '["train", "eval"]'
  exports = ExportedModels()
  exports.uri = str(folder)
  executor.Executor().Do(
    {name: [artifact] for name, artifact in artifacts.items()},
    {'exports': [exports]},
    {
      'tflite': json.dumps(kinds),
      'onnx': json.dumps(onnx),
      'split': 'eval',
      'score_threshold': score_threshold,
      'max_detections': max_detections,
      'drift_reference': drift,
    },
  )


def test_the_drift_reference_is_of_the_eval_split(colour_model, scenes, tmp_path, monkeypatch):
  monkeypatch.setattr(load_backbone, 'load', lambda source: colour_crops.mean_colour())
  export(colour_model, scenes, tmp_path, drift=1)
  (path,) = tmp_path.iterdir()
  reference = sample.read(str(path))
  assert path.name == 'drift_reference.npz'
  assert sorted(reference.objects.tolist()) == [0] + [1] * 8 + [2] * 3
  assert reference.features.shape == (12, 3)


@pytest.fixture(scope='module')
def exported(finished_run, tmp_path_factory):
  """The folder of a float32 and an int8 file."""
  folder = tmp_path_factory.mktemp('exports')
  model, examples = finished_run.artifact('ODAPITrainer', 'model'), finished_run.artifact('VocExampleGen', 'examples')
  export(model, examples, folder, ['float32', 'int8'], max_detections=20)
  return folder


@pytest.fixture(scope='module')
def images(finished_run):
  return sorted(map(str, (finished_run.data / 'JPEGImages').iterdir()))[:8]


@pytest.mark.slow
@pytest.mark.parametrize(('kind', 'atol'), [('float32', 1e-4), ('int8', 0.05)])
def test_a_file_finds_what_the_saved_model_finds_first(finished_run, exported, images, kind, atol):
  model = Detector(str(finished_run.artifact('ODAPITrainer', 'model')))
  lite = Detector(str(exported / f'{kind}.tflite'))
  assert lite.labels == model.labels
  for there, here in zip(lite.detect(images), model.detect(images), strict=True):
    assert len(there) <= 20
    # Nothing hides the best box; those after it may be hidden by boxes of other classes.
    assert there.scores[0] == pytest.approx(here.scores[0], abs=atol)
    if kind == 'float32':
      alike = (here.classes == there.classes[0]) & (np.abs(here.scores - there.scores[0]) < atol)
      assert np.abs(here.boxes[alike] - there.boxes[0]).max(axis=1).min() < 1e-3


@pytest.mark.slow
def test_int8_is_a_fraction_of_the_size_and_a_single_image_equals_a_batch(exported, images):
  sizes = {kind: (exported / f'{kind}.tflite').stat().st_size for kind in ('float32', 'int8')}
  assert sizes['int8'] < 0.6 * sizes['float32']
  lite = Detector(str(exported / 'int8.tflite'))
  together = lite.detect(images)
  for image, found in zip(images, together, strict=True):
    np.testing.assert_array_equal(lite.detect([image])[0].boxes, found.boxes)


@pytest.mark.slow
def test_int8_without_images_is_refused_in_one_line(finished_run, tmp_path):
  model = finished_run.artifact('ODAPITrainer', 'model')
  with pytest.raises(DataError, match='int8 and ONNX need images, and the split has none'):
    export(model, tmp_path / 'empty', tmp_path / 'out', ['int8'])
  assert not (tmp_path / 'out').exists()


@pytest.mark.slow
def test_onnx_finds_what_the_saved_model_finds_and_knows_its_classes(finished_run, images, tmp_path):
  model, examples = finished_run.artifact('ODAPITrainer', 'model'), finished_run.artifact('VocExampleGen', 'examples')
  export(model, examples, tmp_path, onnx=['float32', 'int8'])
  there, here, quantized = (Detector(str(path)) for path in (tmp_path / 'model.onnx', model, tmp_path / 'int8.onnx'))
  assert there.labels == quantized.labels == here.labels
  assert (tmp_path / 'int8.onnx').stat().st_size < (tmp_path / 'model.onnx').stat().st_size
  for mine, other in zip(here.detect(images), quantized.detect(images), strict=True):
    assert other.scores[0] == pytest.approx(mine.scores[0], abs=0.05)
  for name, mine, other in zip(images, here.detect(images), there.detect(images), strict=True):
    assert parity.difference(name, {'SavedModel': mine, 'ONNX': other}, 0.01, '') < 1e-4
