"""The detector of coloured rectangles that the components' tests use, for the commands too."""

import importlib.util
import pathlib

_path = pathlib.Path(__file__).parents[1] / 'components' / 'conftest.py'
_spec = importlib.util.spec_from_file_location('colour_detector', _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

colour_model, draw = _module.colour_model, _module.draw
