"""Real data beside the project, where it is present: see the README there. Nothing of it is committed."""

import pathlib

_SHARED = pathlib.Path(__file__).parents[2] / '../shared/data'
RACCOON = _SHARED / 'raccoon'
CASES = _SHARED / 'cases'
ZOO_CONFIGS = sorted((_SHARED / 'zoo_configs').glob('*.config'))
NO_ZOO_CONFIGS = 'no ../shared/data/zoo_configs: put zoo pipeline.config files there'
