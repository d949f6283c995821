"""Whole folders as values that can be compared."""


def content(folder):
  """{relative path: bytes} of every file below `folder`."""
  return {
    path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob('*')) if path.is_file()
  }
