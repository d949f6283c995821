"""The driver makes the data's fingerprint an exec property, so that the cache depends on the data."""

from components.voc_example_gen import digests, listing
from tests.support import voc_maker


def test_the_driver_fills_the_exec_property(tmp_path):
  from tfx.orchestration.portable import data_types

  from components.voc_example_gen.component import VocExampleGen
  from components.voc_example_gen.driver import Driver

  root = voc_maker.devkit(tmp_path, count=3)
  fingerprint = digests.fingerprint(listing.list_folder(str(root)))
  node = VocExampleGen(data_root=str(root))
  info = data_types.ExecutionInfo(exec_properties=dict(node.exec_properties))
  output = Driver(None).run(info)
  assert output.exec_properties['input_fingerprint'].string_value == fingerprint
  assert output.exec_properties['data_root'].string_value == str(root)
