"""Makes a digest of the data folder's content an exec property, before TFX looks into its cache."""

from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import base_driver as portable_base_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2

from components.voc_example_gen import digests, listing


class Driver(base_driver.BaseDriver, portable_base_driver.BaseDriver):
  """Fills `input_fingerprint`, so that any changed byte of the data runs ingestion again, and nothing else does.

  Run by the local runner and by KFP v1. KFP v2 runs no drivers: there the executor's own digest marks the examples.
  """

  def __init__(self, metadata_handle: metadata.Metadata) -> None:
    base_driver.BaseDriver.__init__(self, metadata_handle)
    portable_base_driver.BaseDriver.__init__(self, metadata_handle)

  def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
    """Returns the exec properties with the fingerprint among them."""
    properties = dict(execution_info.exec_properties)
    properties[digests.FINGERPRINT] = digests.fingerprint(listing.list_folder(properties['data_root']))
    result = driver_output_pb2.DriverOutput()
    for name, value in properties.items():
      if value is not None:
        data_types_utils.set_metadata_value(result.exec_properties[name], value)
    return result
