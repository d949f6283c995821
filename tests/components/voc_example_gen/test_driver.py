"""The driver makes the data's fingerprint an exec property, so that the cache depends on the data."""

import os

import pytest

from components.voc_example_gen import digests, listing
from tests.support import voc_maker


@pytest.mark.parametrize('kind', digests.KINDS)
def test_the_driver_fills_the_exec_property(tmp_path, kind):
  from tfx.orchestration.portable import data_types
  from tfx.types import standard_artifacts

  from components.voc_example_gen.component import VocExampleGen
  from components.voc_example_gen.driver import Driver

  root = voc_maker.devkit(tmp_path / 'data', count=3)
  expected = digests.fingerprint(listing.list_folder(str(root)), kind)
  node, examples = VocExampleGen(data_root=str(root), fingerprint=kind), standard_artifacts.Examples()
  examples.uri = str(tmp_path / 'VocExampleGen/examples/1')
  info = data_types.ExecutionInfo(exec_properties=dict(node.exec_properties), output_dict={'examples': [examples]})
  output = Driver(None).run(info)
  assert output.exec_properties['input_fingerprint'].string_value == expected
  assert output.exec_properties['data_root'].string_value == str(root)
  # Digests are kept where the next run's driver finds them.
  assert os.path.exists(tmp_path / 'VocExampleGen/digests.json') == (kind == digests.CONTENT)
