from detection.odapi import compat
from detection.odapi.compat import no_tensorflow_io
from tests.support.stacks import only_where_needed


@only_where_needed(no_tensorflow_io)
def test_the_model_builder_is_imported_with_all_its_architectures():
  compat.apply()
  from object_detection.builders import model_builder

  assert model_builder.deepmac_meta_arch.DeepMACMetaArch
