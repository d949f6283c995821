"""Class names to ids."""

from collections.abc import Collection, Iterable, Mapping

from detection.base.errors import DataError


def one_class(names: Iterable[str], name: str, pinned: Mapping[str, int] | None = None) -> dict[str, int]:
  """Gives every class name the same id, for a detector that finds and does not name.

  Args:
    names: the class names in the data, in any order.
    name: of the one class.
    pinned: {name: id} that are kept, but for names in the data.

  Returns:
    {name: id}: `name`, then the names in the data, with one id; and the pinned names that the data does not have.

  Raises:
    DataError: if there are no names at all.
  """
  found = set(names)
  _require_any(found)
  kept = {other: number for other, number in (pinned or {}).items() if other == name or other not in found}
  labels = assign_ids([name], kept)
  return {**labels, **dict.fromkeys(sorted(found - {name}), labels[name])}


def require_several(names: Iterable[str]) -> None:
  """Raises DataError unless the data has two classes or more: a classifier is to tell them apart."""
  found = sorted(set(names))
  if len(found) < 2:
    received = f'one: "{found[0]}"' if found else 'none'
    raise DataError(
      f'examples: expected two classes or more, which a classifier is to tell apart, received {received}. '
      'Leave two_stage out of the run config.'
    )


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
  _require_any(names)
  following = max(labels.values(), default=0) + 1
  for number, name in enumerate(sorted(names - labels.keys()), start=following):
    labels[name] = number
  return dict(sorted(labels.items(), key=lambda pair: pair[1]))


def _require_any(names: Collection[str]) -> None:
  if not names:
    raise DataError('examples: no class names. Expected at least one labelled object in the data.')
