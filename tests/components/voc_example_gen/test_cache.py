"""Cache truth with a real metadata store: unchanged data is served from it, one changed byte is not."""

import pytest

from tests.support import voc_maker

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path):
  """Runs VocExampleGen and LabelMapGen on the local runner; returns {component: state of its execution}."""
  from ml_metadata.proto import metadata_store_pb2
  from tfx.orchestration import metadata, pipeline
  from tfx.orchestration.local.local_dag_runner import LocalDagRunner

  from components.label_map_gen.component import LabelMapGen
  from components.voc_example_gen.component import VocExampleGen

  connection = metadata.sqlite_metadata_connection_config(str(tmp_path / 'metadata.db'))
  seen = set()

  def states(root, **settings):
    example_gen = VocExampleGen(data_root=str(root), **settings)
    label_map_gen = LabelMapGen(examples=example_gen.outputs['examples'])
    LocalDagRunner().run(
      pipeline.Pipeline(
        'cache',
        str(tmp_path / 'root'),
        components=[example_gen, label_map_gen],
        enable_cache=True,
        metadata_connection_config=connection,
        beam_pipeline_args=['--runner=FnApiRunner', '--sdk_container_image=none'],
      )
    )
    with metadata.Metadata(connection) as store:
      executions = [one for one in store.store.get_executions() if one.id not in seen]
      types = {one.id: one.name.rpartition('.')[2] for one in store.store.get_execution_types()}
    seen.update(one.id for one in executions)
    name = metadata_store_pb2.Execution.State.Name
    return {types[one.type_id]: name(one.last_known_state) for one in executions}

  return states


def test_only_what_depends_on_a_change_runs_again(tmp_path, run):
  root = voc_maker.devkit(tmp_path / 'data', 8)
  ran, cached = 'COMPLETE', 'CACHED'
  assert run(root) == {'VocExampleGen': ran, 'LabelMapGen': ran}
  assert run(root) == {'VocExampleGen': cached, 'LabelMapGen': cached}
  (root / 'Annotations/003.xml').write_text(voc_maker.voc(voc_maker.thing('dog', (1, 1, 9, 9)), filename='003.jpg'))
  assert run(root) == {'VocExampleGen': ran, 'LabelMapGen': ran}
  assert run(root, split={'method': 'hash', 'seed': 1}) == {'VocExampleGen': ran, 'LabelMapGen': ran}
  (root / 'JPEGImages/003.jpg').write_bytes(voc_maker.encode(voc_maker.picture(99)))
  assert run(root)['VocExampleGen'] == ran
  assert run(root)['VocExampleGen'] == cached
