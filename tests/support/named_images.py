"""Images that exist by name only, divided into splits."""

from typing import NamedTuple

from components.voc_example_gen import assign, listing, settle
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.settings import SplitSettings
from components.voc_example_gen.settle import Row


class Divided(NamedTuple):
  """The splits of images when all have been read."""

  method: str
  split_of: dict[str, str]
  left_out: tuple
  warnings: tuple[str, ...]


def assign_names(names, labels=None, digests=None, **settings):
  """Splits of images that exist by name only; digests may be any words."""
  chosen = SplitSettings(**{'method': 'hash', **settings})
  assigned = assign.assign([Item(name) for name in names], chosen, listing.Tree('root', ()))
  rows = []
  for name in names:
    digest = (digests or {}).get(name, f'digest of {name}').encode().hex().rjust(64, '0')
    split = assigned.split_of.get(name, '') if not assigned.placing.method else assigned.placing.split_of(name, digest)
    rows += [Row(name, split, digest, (labels or {}).get(name, ()))] if split else []
  found = settle.settle(assigned.placing, lambda: iter(rows))
  assign.require_both('root', assigned.method, found.splits, len(names))
  split_of = {row.image: found.moves.get(row.image, row.split) for row in rows}
  return Divided(
    assigned.method,
    {name: split for name, split in split_of.items() if split},
    (*assigned.left_out, *found.left_out),
    (*assigned.warnings, *found.warnings),
  )


def names(count):
  return [f'{number:05}.jpg' for number in range(count)]
