import subprocess
import sys

from detection.odapi.compat import equalization_loss
from tests.support.stacks import only_where_needed

_PROCESS = """
from detection.odapi import compat
compat.apply()
from object_detection.protos import losses_pb2
from object_detection.utils import ops

loss = losses_pb2.Loss()
kept = ops.EqualizationLossConfig(0.1, loss.equalization_loss.exclude_prefixes)
kept_by_tensorflow = [kept]
kept_by_tensorflow.append(kept_by_tensorflow)
import tensorflow
tensorflow.kept_until_the_end = kept_by_tensorflow
"""


@only_where_needed(equalization_loss)
def test_a_process_that_kept_the_config_of_a_loss_ends_with_status_0():
  assert subprocess.run([sys.executable, '-c', _PROCESS], check=False).returncode == 0
