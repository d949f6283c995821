"""Remote URIs in TFX's own file layer, where artifacts of a remote pipeline root are read and written."""

from collections.abc import Iterator
from typing import Any

from detection.base import files


def load_scheme(text: str) -> None:
  """Gives TensorFlow's file layer the s3 scheme, or TFX's alone where it cannot have it, if `text` names such a URI."""
  files.load_scheme(text)
  if 's3://' in text and not files.tensorflow_opens('s3://'):
    _register()


def _register() -> None:
  from tfx.dsl.io import (
    fileio,  # noqa: F401 - registers the other file systems
    filesystem,
    filesystem_registry,
  )

  class S3Filesystem(filesystem.Filesystem):
    """s3:// by the project's file layer; a missing file is FileNotFoundError, which NotFoundError is made of."""

    SUPPORTED_SCHEMES = ['s3://']

    @staticmethod
    def open(name: str, mode: str = 'r') -> Any:
      return files.open(name, mode)

    @staticmethod
    def copy(src: str, dst: str, overwrite: bool = False) -> None:
      if not overwrite and files.exists(dst):
        raise OSError(f'{dst}: is there already')
      files.copy(src, dst)

    @staticmethod
    def rename(src: str, dst: str, overwrite: bool = False) -> None:
      if not overwrite and files.exists(dst):
        raise OSError(f'{dst}: is there already')
      files.rename(src, dst)

    @staticmethod
    def stat(path: str) -> Any:
      raise NotImplementedError(f'{path}: an object store keeps no status of files')

    @staticmethod
    def walk(top: str, topdown: bool = True, onerror: Any = None) -> Iterator[tuple[str, list[str], list[str]]]:
      return files.walk(top)

    exists, isdir, glob = staticmethod(files.exists), staticmethod(files.isdir), staticmethod(files.glob)
    listdir, remove, rmtree = staticmethod(files.listdir), staticmethod(files.remove), staticmethod(files.rmtree)
    makedirs = mkdir = staticmethod(files.makedirs)

  # Lower is preferred; TFX's own, by TensorFlow, has 0.
  filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY.register(S3Filesystem, priority=-1)
