"""Makes the data folder's fingerprint an exec property, before TFX looks into its cache."""

import posixpath

from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2

from components.voc_example_gen import digests, listing

_MEMORY = 'digests.json'


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
  """Fills `input_fingerprint`, so that a change of the data runs ingestion again, and nothing else does.

  Run by the local runner and by KFP v1. KFP v2 runs no drivers: there the executor's own fingerprint marks the
  examples.
  """

  def __init__(self, metadata_handle: metadata.Metadata) -> None:
    base_driver.BaseDriver.__init__(self, metadata_handle)
    portable_base_driver.BaseDriver.__init__(self, metadata_handle)

  def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
    """Returns the exec properties with the fingerprint among them."""
    properties = dict(execution_info.exec_properties)
    root, kind = properties['data_root'], properties['fingerprint']
    if kind == digests.LISTING:  # a list of a million files would stay in this process's memory
      properties[digests.FINGERPRINT] = listing.state_of(root)
    else:
      properties[digests.FINGERPRINT] = digests.fingerprint(listing.list_folder(root), kind, _memory(execution_info))
    result = driver_output_pb2.DriverOutput()
    for name, value in properties.items():
      if value is not None:
        data_types_utils.set_metadata_value(result.exec_properties[name], value)
    return result


def _memory(execution_info: data_types.ExecutionInfo) -> str:
  """A file in the component's folder, which all its runs share: above the folder of the output, which one run has."""
  examples = (execution_info.output_dict or {}).get('examples')
  return posixpath.join(posixpath.dirname(posixpath.dirname(examples[0].uri)), _MEMORY) if examples else ''
