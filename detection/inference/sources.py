"""The files that a user's words name: images and videos, folders that are searched for images, and globs."""

import glob
import os
import pathlib
from collections.abc import Iterator, Sequence

from detection.base.errors import ConfigError
from detection.inference import video

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.gif', '.tif', '.tiff', '.webp')


def find(sources: Sequence[str]) -> list[str]:
  """Images and videos in the order given, each once.

  Args:
    sources: files, folders and globs. A folder is searched for images to the bottom, in the order of names.

  Raises:
    ConfigError: if a source does not exist, or nothing is found.
  """
  found: list[str] = []
  for source in sources:
    paths = [source] if os.path.exists(source) else sorted(glob.glob(source, recursive=True))
    if not paths:
      raise ConfigError(f'{source}: no such file or folder.')
    for path in paths:
      found += _images_below(path) if os.path.isdir(path) else [path]
  if not found:
    raise ConfigError(f'{", ".join(sources)}: no images. Expected files ending in {", ".join(IMAGE_SUFFIXES)}.')
  return list(dict.fromkeys(found))


def is_video(path: str) -> bool:
  """Whether a file is read as a video, by its name."""
  return path.lower().endswith(video.SUFFIXES)


def _images_below(folder: str) -> Iterator[str]:
  for path in sorted(pathlib.Path(folder).rglob('*')):
    if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
      yield str(path)
