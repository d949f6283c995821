"""`detection-pipeline models`, as a user calls it."""

import re

from cli import main
from detection.pipeline_config import builtin_bases


def test_every_built_in_base_is_listed_with_its_facts(capsys):
  assert main.main(['models']) == 0
  listed = capsys.readouterr().out
  for entry in builtin_bases.entries():
    assert re.search(rf'{entry.name} +{entry.family} +{entry.input} +{entry.parameters:,}', listed)
