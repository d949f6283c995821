"""The split methods, one file each. To add one: write a file here that defines METHOD (see split_method.py)."""

import importlib
import pkgutil

from components.voc_example_gen.split_method import SplitMethod

_FOUND: list[SplitMethod] = [
  importlib.import_module(f'{__name__}.{module.name}').METHOD for module in pkgutil.iter_modules(__path__)
]
# {name: method}; first those that `auto` may take, in its order.
METHODS = {
  method.name: method
  for method in sorted(_FOUND, key=lambda method: (method.preference is None, method.preference, method.name))
}
