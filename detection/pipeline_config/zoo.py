"""A model-zoo download: an archive or the folder unpacked from it, with pipeline.config and checkpoint in it."""

import contextlib
import posixpath
import re
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO

from detection import model_folder
from detection.base import files
from detection.base.errors import ConfigError

_SUFFIXES = ('.tar.gz', '.tgz', '.tar')
_CHECKPOINT_FILE = re.compile(r'^(?P<prefix>[\w.-]+)\.(index|data-\d{5}-of-\d{5})$')
# A pipeline.config is some kilobytes, the largest zoo checkpoint (CenterNet Hourglass-104) less than 2 GiB.
_MAX_CONFIG_BYTES = 1 << 20
_MAX_UNPACKED_BYTES = 8 << 30
_BLOCK = 1 << 20
_DIGEST = '#sha256='


def is_archive(path: str) -> bool:
  """Whether the name is that of a tar archive."""
  return path.endswith(_SUFFIXES)


def verified(location: str) -> str:
  """The local path of what the user named, after its digest was checked if one is given.

  Args:
    location: a path or file:// URL, optionally followed by `#sha256=<64 hex digits>`.

  Raises:
    ConfigError: if the digest differs, or the location is on the web: nothing is downloaded here.
  """
  path, _, expected = location.partition(_DIGEST)
  if path.startswith(('http://', 'https://')):
    raise ConfigError(f'{path}: nothing is downloaded here. Fetch it, then give the path of the file.')
  path = path.removeprefix('file://')
  if expected:
    if not files.exists(path) or files.isdir(path):
      raise ConfigError(f'{path}: no such file to check the sha256 of.')
    received = files.sha256(path)
    if received != expected.lower():
      raise ConfigError(f'{path}: expected sha256 {expected}, received {received}. Download it again.')
  return path


def read_config(archive: str) -> str:
  """The text of the one pipeline.config in the archive; nothing is unpacked.

  Raises:
    ConfigError: if the archive is damaged or not safe, or holds no pipeline.config of a sensible size.
  """
  found = None
  with _damage_refused(archive):
    for member, content in _members(archive):
      if posixpath.basename(member.name) != model_folder.PIPELINE_CONFIG:
        continue
      if found is not None:
        raise ConfigError(f'{archive}: more than one {model_folder.PIPELINE_CONFIG} in it. Expected one model.')
      if member.size > _MAX_CONFIG_BYTES:
        raise ConfigError(f'{archive}: {member.name} has {member.size} bytes. Expected a text of some kilobytes.')
      found = content.read()
  if found is None:
    raise ConfigError(
      f'{archive}: no {model_folder.PIPELINE_CONFIG} in it. Expected a download from the TF 2 model zoo.'
    )
  try:
    return found.decode('utf-8')
  except UnicodeDecodeError as error:
    raise ConfigError(f'{archive}: its {model_folder.PIPELINE_CONFIG} is not text.') from error


def unpack_checkpoint(archive: str, target: str) -> str:
  """Writes the checkpoint of the archive into the folder `target`, whole or not at all; returns its prefix.

  Names are cut to their last part, so nothing is written outside `target`, whatever the archive says.

  Raises:
    ConfigError: if the archive is damaged, not safe, or holds no checkpoint, or several.
  """
  with _damage_refused(archive), files.whole_directory(target) as folder:
    prefixes = set()
    for member, content in _members(archive):
      parent, name = posixpath.split(member.name)
      match = _CHECKPOINT_FILE.match(name)
      # Zoo archives hold a SavedModel as well, whose variables are no training checkpoint.
      if match and posixpath.basename(parent) != 'variables':
        prefixes.add(match['prefix'])
        _copy(content, files.join(folder, name))
    if len(prefixes) != 1:
      found = ', '.join(sorted(prefixes)) or 'none'
      raise ConfigError(f'{archive}: expected one checkpoint in it, like checkpoint/ckpt-0, received {found}.')
  return files.join(target, prefixes.pop())


@contextlib.contextmanager
def _damage_refused(archive: str) -> Iterator[None]:
  try:
    yield
  except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
    raise ConfigError(f'{archive}: not a whole tar archive ({error}). Download it again.') from error


def _members(archive: str) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
  """The archive's regular files, in order, after a look at each member's name and type."""
  with files.open(archive, 'rb') as file, tarfile.open(fileobj=file, mode='r|*') as tar:
    total = 0
    for member in tar:
      _refuse_unsafe(archive, member)
      total += member.size
      if total > _MAX_UNPACKED_BYTES:
        raise ConfigError(f'{archive}: unpacks to more than {_MAX_UNPACKED_BYTES >> 30} GiB. Expected a zoo download.')
      content = tar.extractfile(member)  # None for a folder
      if content is not None:
        yield member, content


def _refuse_unsafe(archive: str, member: tarfile.TarInfo) -> None:
  if member.issym() or member.islnk():
    raise ConfigError(f'{archive}: {member.name} is a link to {member.linkname}. Expected files and folders alone.')
  if not (member.isfile() or member.isdir()):
    raise ConfigError(f'{archive}: {member.name} is a device or a pipe. Expected files and folders alone.')
  if member.name.startswith('/') or '..' in member.name.replace('\\', '/').split('/'):
    raise ConfigError(f'{archive}: the name {member.name} leads out of the archive. Expected names below one folder.')


def _copy(content: IO[bytes], target: str) -> None:
  with files.open(target, 'wb') as file:
    while block := content.read(_BLOCK):
      file.write(block)
