import subprocess
import sys


def test_reading_configs_needs_no_tensorflow():
  code = 'import sys; from detection.odapi import families, label_map, protos; sys.exit("tensorflow" in sys.modules)'
  assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
