"""Ingestion as the pipeline runs it, for tests: real artifacts in temporary folders."""

import json
from pathlib import Path

import pytest

from tests.support import voc_maker


class Ingested:
  """What one run of the executor wrote."""

  def __init__(self, examples, report):
    self.examples, self.report_folder = examples, Path(report.uri)
    self.report = json.loads((self.report_folder / 'report.json').read_text())

  def files(self, split):
    return sorted(Path(self.examples.uri, f'Split-{split}').iterdir())

  def records(self, split):
    import tensorflow as tf

    raw = tf.data.TFRecordDataset([str(path) for path in self.files(split)])
    return [tf.train.Example.FromString(record.numpy()) for record in raw]

  def names(self, split):
    return sorted(value(record, 'image/filename')[0].decode() for record in self.records(split))


def value(record, key):
  feature = record.features.feature[key]
  return list(getattr(feature, feature.WhichOneof('kind')).value) if feature.WhichOneof('kind') else []


@pytest.fixture
def ingest(tmp_path, monkeypatch):
  """Runs the executor on a folder; keyword arguments are the component's.

  The report's charts take half of the time of a small ingestion, and are drawn only if asked for.
  """

  def run(root, beam_args=(), charts=False, **settings):
    from tfx.dsl.components.base import base_beam_executor
    from tfx.types import standard_artifacts

    from components.artifacts import IngestReport
    from components.voc_example_gen import component, executor
    from components.voc_example_gen.report import page

    if not charts:
      monkeypatch.setattr(page, '_charts', lambda report: [])
    node = component.VocExampleGen(data_root=str(root), **settings)
    folder = tmp_path / f'out-{len(list(tmp_path.glob("out-*")))}'
    examples, report = standard_artifacts.Examples(), IngestReport()
    examples.uri, report.uri = str(folder / 'examples'), str(folder / 'report')
    for artifact in (examples, report):
      Path(artifact.uri).mkdir(parents=True)
    context = base_beam_executor.BaseBeamExecutor.Context(
      beam_pipeline_args=list(beam_args), tmp_dir=str(tmp_path), unique_id='1'
    )
    executor.Executor(context).Do({}, {'examples': [examples], 'ingest_report': [report]}, dict(node.exec_properties))
    return Ingested(examples, report)

  return run


@pytest.fixture(scope='session')
def field():
  """Reads one feature of a tf.train.Example as a list."""
  return value


@pytest.fixture
def messy(tmp_path):
  """A folder of ten good images, and one of each thing that a report shows."""
  return voc_maker.messy(tmp_path / 'data')
