"""The known name that a misspelt one most likely means, and the words in which a message says so."""

import difflib
from collections.abc import Collection, Iterable

# difflib's ratio of two names that are taken for the same one misspelt: half of their letters agree.
CUTOFF = 0.5


def nearest(name: str, known: Iterable[str]) -> str | None:
  """The known name closest to `name`, or None if none is close.

  Names may be dotted paths, like `train.num_steps`. A path that ends in the same last part comes before all others,
  for a field under the wrong parent. Otherwise the likeness is difflib's ratio, averaged over the whole path and its
  last part, and is at least CUTOFF.
  """
  last = _last_part(name)
  # A SequenceMatcher keeps what it computed for its second sequence, so that is the one that stays.
  whole, end = (difflib.SequenceMatcher(None, '', text) for text in (name, last))

  def likeness(candidate: str) -> tuple[bool, float]:
    whole.set_seq1(candidate)
    end.set_seq1(_last_part(candidate))
    return _last_part(candidate) == last, (whole.ratio() + end.ratio()) / 2

  scored = {candidate: likeness(candidate) for candidate in known}
  best = max(scored, key=scored.__getitem__, default=None)
  if best is None:
    return None
  same_last_part, ratio = scored[best]
  return best if same_last_part or ratio >= CUTOFF else None


def hint(name: str, known: Collection[str], prefix: str = '', listed: Iterable[str] | None = None) -> str:
  """What a message says behind a name that is not known: the nearest known one, or all of them if none is near.

  Args:
    name: what the user wrote.
    known: what could have been meant.
    prefix: put before the nearest name, for a name that was cut from a longer path.
    listed: the names to list if none is near; all of `known` if not given.

  Returns:
    `nearest: "train_steps"`, or `known: a, b, c`; the message ends it with a full stop.
  """
  near = nearest(name, known)
  return f'nearest: "{prefix}{near}"' if near else 'known: ' + ', '.join(known if listed is None else listed)


def _last_part(path: str) -> str:
  return path.rpartition('.')[2]
