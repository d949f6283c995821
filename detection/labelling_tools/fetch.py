"""Gets the images that tasks name, from where it may: a server must not fetch whatever it is told to."""

from __future__ import annotations

import dataclasses
import os
import urllib.parse
from collections.abc import Sequence

import requests

from detection.base import files
from detection.base.errors import DataError

_TIMEOUT = 60.0  # seconds
_MOST_BYTES = 256 * 2**20
_BLOCK = 2**20
_LOCAL = '/data/local-files/'


@dataclasses.dataclass(frozen=True)
class Sources:
  """Where images may come from.

  server: the labelling tool's own URL; paths such as /data/upload/1/a.jpg are asked of it. '' for none.
  token: of a user of the server, sent to it and to nobody else. '' for none.
  folder: where `/data/local-files/?d=PATH` lies, as the tool's local storage has it. '' for none.
  allowed: beginnings of other URLs that may be asked.
  """

  server: str = ''
  token: str = ''
  folder: str = ''
  allowed: Sequence[str] = ()

  def fetch(self, name: str) -> bytes:
    """The bytes of the image with this path or URL.

    Raises:
      DataError: if it may not be fetched, or cannot.
    """
    try:
      parts = urllib.parse.urlsplit(name)
    except ValueError as error:
      raise DataError(f'{name}: no URL: {error}.') from error
    if self.folder and parts.path == _LOCAL:
      return self._local(name, urllib.parse.parse_qs(parts.query).get('d', [''])[0])
    if not parts.scheme:
      if not self.server:
        raise DataError(f'{name}: of the labelling tool itself. Give its URL by --server.')
      name = urllib.parse.urljoin(f'{self.server}/', name)
    if _is_below(name, self.server):
      return _get(name, {'Authorization': f'Token {self.token}'} if self.token else {})
    if any(_is_below(name, url) for url in self.allowed):
      return _get(name, {})
    raise DataError(f'{name}: images are not fetched from there. Allow it by --allow URL.')

  def _local(self, name: str, path: str) -> bytes:
    root = os.path.realpath(self.folder)
    target = os.path.realpath(os.path.join(root, path.lstrip('/')))
    if not target.startswith(root + os.sep):
      raise DataError(f'{name}: not inside {self.folder}.')
    try:
      return files.read_user_file(target)
    except OSError as error:
      raise DataError(f'{name}: cannot be read: {error.strerror or error}.') from error


def _is_below(url: str, start: str) -> bool:
  """Whether a URL is on the server, and below the path, that `start` names."""
  if not start:
    return False
  one, other = urllib.parse.urlsplit(url), urllib.parse.urlsplit(start)
  below = one.path == other.path or one.path.startswith(other.path.rstrip('/') + '/')
  return (one.scheme, one.netloc) == (other.scheme, other.netloc) and below and '..' not in _segments(one.path)


def _segments(path: str) -> list[str]:
  """The parts of a path as a server reads them: `%2e` is a dot."""
  return urllib.parse.unquote(path).replace('\\', '/').split('/')


def _get(url: str, headers: dict[str, str]) -> bytes:
  try:
    # A redirect may lead anywhere.
    with requests.get(url, headers=headers, timeout=_TIMEOUT, stream=True, allow_redirects=False) as answer:
      if answer.status_code != 200:
        raise DataError(f'{url}: status {answer.status_code}. Expected an image.')
      content = bytearray()
      for block in answer.iter_content(_BLOCK):  # unlike `raw`, it names what breaks off as a RequestException
        content += block
        if len(content) > _MOST_BYTES:
          raise DataError(f'{url}: more than {_MOST_BYTES >> 20} MiB.')
  except requests.RequestException as error:
    raise DataError(f'{url}: cannot be reached: {type(error).__name__}.') from error
  return bytes(content)
