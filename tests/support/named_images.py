"""Images that exist by name only, divided into splits."""

from components.voc_example_gen import assign, listing
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.settings import SplitSettings


def assign_names(names, labels=None, digests=None, **settings):
  """Splits of images that exist by name only."""
  items = [Item(name) for name in names]
  digests = digests or {name: f'digest of {name}' for name in names}
  method = {'method': 'hash', **settings}
  tree = listing.Tree('root', ())
  return assign.assign(
    items, digests, SplitSettings(**method), tree, lambda item: frozenset((labels or {})[item.image])
  )


def names(count):
  return [f'{number:05}.jpg' for number in range(count)]
