"""Fetches Beam's Flink job server, of the installed Beam's version, with Maven; prints where it lies.

For `make test-flink`. The jar holds a whole Flink, which runs inside the job server's own process.
"""

import importlib.metadata
import pathlib
import shutil
import subprocess
import sys

FLINK_VERSION = '1.19'
_TOOLS = pathlib.Path(__file__).parent.parent / '.tools' / 'flink'
_COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'


def fetch(folder: pathlib.Path = _TOOLS) -> pathlib.Path:
  """Returns the jar's path, fetching it once.

  Raises:
    FileNotFoundError: if there is no Java or no Maven.
    subprocess.CalledProcessError: if Maven cannot fetch it.
  """
  for program in ('java', 'mvn'):
    if not shutil.which(program):
      raise FileNotFoundError(f'{program} is not installed: make test-flink needs Java 11 or later, and Maven')
  version = importlib.metadata.version('apache-beam')
  name = f'beam-runners-flink-{FLINK_VERSION}-job-server'
  jar = folder / f'{name}-{version}.jar'
  if not jar.exists():
    artifact = f'-Dartifact=org.apache.beam:{name}:{version}'
    subprocess.run(['mvn', '-q', '-B', _COPY, artifact, f'-DoutputDirectory={folder}'], check=True, stdout=sys.stderr)
  return jar


if __name__ == '__main__':
  try:
    print(fetch())
  except (FileNotFoundError, subprocess.CalledProcessError) as error:
    sys.exit(f'flink_jar: {error}')
