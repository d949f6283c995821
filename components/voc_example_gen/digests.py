"""Content digests of the data folder: for the cache, for finding copies, and for a split that no renaming moves."""

import hashlib
import os
import posixpath
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from components.voc_example_gen.listing import Tree
from detection.base import files

# The exec property and the property of the examples that hold the fingerprint.
FINGERPRINT = 'input_fingerprint'
_BATCH = 64


def of_files(root: str, paths: Iterable[str]) -> dict[str, str]:
  """SHA-256 of each file's content, in hex; '' for a file that cannot be read (refused by name when its turn comes)."""
  paths = list(paths)
  batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
  # Threads: hashing and reading both release the interpreter's lock.
  with ThreadPoolExecutor(max_workers=2 * (os.cpu_count() or 1)) as pool:
    digests = pool.map(lambda batch: [_digest(root, path) for path in batch], batches)
    return {
      path: digest
      for batch, found in zip(batches, digests, strict=True)
      for path, digest in zip(batch, found, strict=True)
    }


def _digest(root: str, path: str) -> str:
  try:
    return files.sha256(posixpath.join(root, path))
  except files.errors(root):
    return ''


def fingerprint(tree: Tree, known: dict[str, str] | None = None) -> str:
  """One digest over names and contents of all images, annotations and split files; equal for a copy of the folder.

  Args:
    tree: the folder's listing.
    known: {path: digest} of files that were digested already.

  Returns:
    64 hex digits.
  """
  known = known or {}
  missing = of_files(tree.root, [file.path for file in tree.files if file.path not in known])
  digest = hashlib.sha256()
  for file in tree.files:
    content = known.get(file.path) or missing.get(file.path, '')
    digest.update(f'{file.path}\0{content}\n'.encode('utf-8', 'surrogateescape'))
  return digest.hexdigest()
