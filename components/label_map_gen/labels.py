"""Class names to ids."""

from collections.abc import Iterable, Mapping

from detection.base.errors import DataError


def one_class(names: Iterable[str], name: str) -> dict[str, int]:
  """{name: 1}, and every class name of the data with the same id, for a detector that finds and does not name.

  Raises:
    DataError: if the data has fewer than two classes: then there is nothing to name.
  """
  found = sorted(set(names))
  if len(found) < 2:
    received = f'one: "{found[0]}"' if found else 'none'
    raise DataError(
      f'examples: expected two classes or more, which a classifier is to tell apart, received {received}. '
      'Leave two_stage out of the run config.'
    )
  return {name: 1, **dict.fromkeys(found, 1)}


def assign_ids(names: Iterable[str], pinned: Mapping[str, int] | None = None) -> dict[str, int]:
  """Gives every class name an id.

  Args:
    names: the class names in the data, in any order.
    pinned: {name: id} that are kept for life, also for names the data no longer has.

  Returns:
    {name: id} in the order of ids. Without `pinned`: from 1, names in the order of code points, so that equal data
    gives equal ids. With it: new names follow after the highest pinned id.

  Raises:
    DataError: if there are no names at all.
  """
  labels = dict(pinned or {})
  names = set(names)
  if not names:
    raise DataError('examples: no class names. Expected at least one labelled object in the data.')
  following = max(labels.values(), default=0) + 1
  for number, name in enumerate(sorted(names - labels.keys()), start=following):
    labels[name] = number
  return dict(sorted(labels.items(), key=lambda pair: pair[1]))
