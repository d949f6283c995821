"""The annotation formats, one file each. To add one: write a file here that defines READER (see format_reader.py)."""

import importlib
import pkgutil

from components.voc_example_gen.format_reader import Reader

_FOUND: list[Reader] = [
  importlib.import_module(f'{__name__}.{module.name}').READER for module in pkgutil.iter_modules(__path__)
]
# {name: reader}, in order of preference.
READERS = {reader.name: reader for reader in sorted(_FOUND, key=lambda reader: reader.preference)}
