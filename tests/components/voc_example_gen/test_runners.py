"""Other engines give what the local run gives: records, report and label map.

Beam's own job server speaks the portable job API here, as Flink, Spark and Dataflow do. `make test-flink` and
`make test-prism` run the same on these.
"""

from pathlib import Path

import pytest

from components.artifacts import LabelMap
from detection import kept_scans
from detection.base import beam_options
from detection.sample_data import draw
from tests.support import annotated_formats, voc_maker

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def root(tmp_path_factory):
  folder = tmp_path_factory.mktemp('runners') / 'data'
  draw.write(str(folder), images=60)
  (folder / 'Annotations/sample-0003.xml').write_text('<annotation>')
  return folder


@pytest.mark.parametrize('method', ['hash', 'stratified'])
def test_records_and_report_are_the_same(root, ingest, engine, monkeypatch, method):
  from components.voc_example_gen import plan

  monkeypatch.setattr(plan, 'SHARD_BYTES', 100_000)  # several shards, so that there is something to distribute
  local = ingest(root, split={'method': method})
  distributed = ingest(root, beam_args=engine, split={'method': method})
  for split in ('train', 'eval'):
    assert len(local.files(split)) > 1
    assert [(p.name, p.read_bytes()) for p in local.files(split)] == [
      (p.name, p.read_bytes()) for p in distributed.files(split)
    ]
  assert distributed.report == local.report
  assert [entry['reason'] for entry in distributed.report['refused']] == ['xml_not_well_formed']


def test_the_label_map_is_the_same(root, ingest, engine, tmp_path):
  from tfx.dsl.components.base import base_beam_executor

  from components.label_map_gen.executor import Executor

  examples, texts = ingest(root).examples, []
  (Path(examples.uri) / kept_scans.FILE_NAME).unlink()  # so that the records are read
  for beam_args in ([], engine):
    output = LabelMap()
    output.uri = str(tmp_path / f'labels-{len(texts)}')
    make_context = base_beam_executor.BaseBeamExecutor.Context
    context = make_context(beam_pipeline_args=beam_args, tmp_dir=str(tmp_path), unique_id='1')
    Executor(context).Do({'examples': [examples]}, {'label_map': [output]}, {})
    texts.append((Path(output.uri) / LabelMap.FILE_NAME).read_text())
  assert texts[0] == texts[1]
  assert 'triangle' in texts[0]


@pytest.mark.parametrize('method', ['hash', 'stratified'])
def test_a_folder_too_large_for_one_process_gives_the_same(root, ingest, engine, monkeypatch, capsys, method):
  held, spread = held_and_spread(root, ingest, engine, monkeypatch, split={'method': method})
  assert spread == [held, held]
  assert 'paired in one process' not in capsys.readouterr().out


@pytest.mark.parametrize('form', ['coco', 'yolo', 'csv'])
def test_a_large_folder_of_another_format_gives_the_same(tmp_path, ingest, engine, monkeypatch, capsys, form):
  root = annotated_formats.many(tmp_path / 'data', form, 40)
  held, spread = held_and_spread(root, ingest, engine, monkeypatch, shard_bytes=5_000)
  assert spread == [held, held]
  assert 'paired in one process' not in capsys.readouterr().out


def held_and_spread(root, ingest, engine, monkeypatch, shard_bytes=100_000, **settings):
  """What the folder gives as a small one; and taken for large, on the local engine and on another one."""
  from components.voc_example_gen import parallelism, plan
  from components.voc_example_gen.spread import list_stages, spread_plan, spread_sums

  monkeypatch.setattr(plan, 'SHARD_BYTES', shard_bytes)
  # Other processes would have none of these patches.
  choose = parallelism.choose
  monkeypatch.setattr(parallelism, 'choose', lambda *size: choose(*size)._replace(processes=0))
  held = ingest(root, **settings)
  assert all(len(held.files(split)) > 1 for split in ('train', 'eval'))
  monkeypatch.setattr(list_stages, 'MOST_HELD', 10)
  monkeypatch.setattr(spread_plan, '_FILES_OF_A_JOB', 50)
  monkeypatch.setattr(spread_sums, 'MANY', 10)
  monkeypatch.setattr(spread_sums, '_IMAGES_OF_A_JOB', 20)
  return told(held), [told(ingest(root, beam_args=beam_args, **settings)) for beam_args in ([], engine)]


def test_a_large_folder_is_planned_in_processes_too(root, ingest, engine, monkeypatch, capsys):
  from components.voc_example_gen.spread import list_stages

  held = ingest(root)
  monkeypatch.setattr(list_stages, 'MOST_HELD', 10)
  assert told(ingest(root, beam_args=engine)) == told(held)
  assert 'paired in one process' not in capsys.readouterr().out


def told(ingested):
  """The bytes of all files, and the report."""
  return [
    (path.name, path.read_bytes()) for split in ('train', 'eval') for path in ingested.files(split)
  ], ingested.report


# With threads, Beam is not used: each is a process of this project.
@pytest.mark.parametrize('mode', ['multi_processing', 'in_memory', 'multi_threading'])
def test_worker_processes_write_the_same_records(root, ingest, monkeypatch, mode):
  from components.voc_example_gen import plan

  monkeypatch.setattr(plan, 'SHARD_BYTES', 100_000)
  one = ingest(root)
  workers = [f'--direct_running_mode={mode}', '--direct_num_workers=2']
  two = ingest(root, beam_args=['--runner=FnApiRunner', '--sdk_container_image=none', *workers])
  for split in ('train', 'eval'):
    assert [(p.name, p.read_bytes()) for p in one.files(split)] == [(p.name, p.read_bytes()) for p in two.files(split)]
  assert one.report == two.report


def test_a_job_server_is_asked_for_once(tmp_path, ingest, monkeypatch):
  asked = []
  monkeypatch.setattr(beam_options, 'require_server', asked.append)
  # Beam's own runner takes the place of the engine, and has no use for the name of a server.
  beam_args = ['--direct_running_mode=in_memory', '--job_endpoint=embed', '--sdk_container_image=none']
  ingest(voc_maker.devkit(tmp_path / 'data', 6), beam_args=beam_args)
  assert len(asked) == 1
