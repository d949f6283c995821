"""Images that must stay in one split: byte-identical copies, and groups by file name."""

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from components.voc_example_gen.dataset_index import Item


def by_content_and_name(
  items: Sequence[Item], digests: Mapping[str, str], group_by: str | None
) -> dict[str, list[Item]]:
  """Groups items of equal content, and items whose file names name the same group.

  Args:
    items: the annotated images.
    digests: {image path: digest of its content}.
    group_by: a regular expression on file names, see SplitSettings; None groups by content alone.

  Returns:
    {key: items}, in order of keys. A key is the group's name ('group:...') or else the content ('content:...').
  """
  pattern = re.compile(group_by) if group_by else None
  parent: dict[str, str] = {}

  def root(key: str) -> str:
    while parent.setdefault(key, key) != key:
      key = parent[key]
    return key

  own_key = {}
  for item in items:
    content = _content_key(item.image, digests[item.image])
    group = _group_name(pattern, posixpath.basename(item.image)) or content
    first, second = sorted((root(content), root(group)), reverse=True)
    parent[second] = first  # 'group:' sorts after 'content:', so a joined group is called by its name
    own_key[item.image] = content
  groups = defaultdict(list)
  for item in items:
    groups[root(own_key[item.image])].append(item)
  return dict(sorted(groups.items()))


def key_of(image: str, digest: str, group_by: str | None) -> str:
  """The key of an image's group, where no two groups share an image's content.

  Args:
    image: its path.
    digest: of its content; '' if it cannot be read.
    group_by: as for by_content_and_name.
  """
  pattern = re.compile(group_by) if group_by else None  # re keeps compiled patterns
  return _group_name(pattern, posixpath.basename(image)) or _content_key(image, digest)


def _content_key(image: str, digest: str) -> str:
  return f'content:{digest or image}'


def _group_name(pattern: re.Pattern[str] | None, name: str) -> str:
  """'group:' and the group that a file name names; '' if the pattern, or its optional first group, does not match."""
  match = pattern.search(name) if pattern else None
  found = match and (match.group(1) if match.re.groups else match.group())
  return f'group:{found}' if found else ''


def position(seed: int, key: str) -> float:
  """A number in [0, 1) that depends on nothing but the key and the seed."""
  digest = hashlib.sha256(f'{seed}:{key}'.encode('utf-8', 'surrogateescape')).digest()
  return int.from_bytes(digest[:8], 'big') / 2**64
