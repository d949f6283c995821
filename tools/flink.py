"""Runs a command beside a local Flink with Beam's job server, fetched with Maven.

    python tools/flink.py COMMAND...

The command finds it at $BEAM_JOB_ENDPOINT. For `make test-flink`.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

import job_server

_POM = pathlib.Path(__file__).resolve().parent / 'flink' / 'pom.xml'
_TOOLS = _POM.parent.parent.parent / '.tools' / 'flink'
_COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'
_MAIN = 'org.apache.beam.runners.flink.FlinkJobServerDriver'
# From 17 on, Java hides from Flink's serializers what they look into.
_OPENS = ['--add-opens=java.base/java.lang=ALL-UNNAMED', '--add-opens=java.base/java.util=ALL-UNNAMED']

# Little is done in Java here: its best compiler would take the cores from the workers.
_QUICK = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']


def fetch(folder: pathlib.Path = _TOOLS) -> pathlib.Path:
  """Returns the folder of jars, fetching them once; it is fetched again when the list in pom.xml changes.

  Raises:
    FileNotFoundError: if there is no Java or no Maven.
    subprocess.CalledProcessError: if Maven cannot fetch a jar.
  """
  for program in ('java', 'mvn'):
    if not shutil.which(program):
      raise FileNotFoundError(f'{program} is not installed: make test-flink needs Java 11 or later, and Maven')
  fetched = folder / 'pom.xml'
  if not fetched.exists() or fetched.read_bytes() != _POM.read_bytes():
    shutil.rmtree(folder, ignore_errors=True)
    options = ['-q', '-B', '-f', str(_POM), '-DincludeScope=runtime', f'-DoutputDirectory={folder / "lib"}']
    subprocess.run(['mvn', *options, _COPY], check=True, stdout=sys.stderr)
    shutil.copy(_POM, fetched)
  return folder / 'lib'


def run_beside(lib: pathlib.Path, command: list[str]) -> int:
  """Runs `command` beside a Flink made of the jars in `lib`; returns the command's exit status.

  Raises:
    TimeoutError: if the job server does not answer.
  """
  with tempfile.TemporaryDirectory() as staging:
    java = ['java', *_OPENS, *_QUICK, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', f'{lib}/*', _MAIN]
    options = ['--flink-master=[local]', f'--artifacts-dir={staging}', '--artifact-port=0', '--expansion-port=0']
    return job_server.run_beside(lambda port: [*java, *options, f'--job-port={port}'], command)


if __name__ == '__main__':
  try:
    sys.exit(run_beside(fetch(), sys.argv[1:]))
  except (FileNotFoundError, subprocess.CalledProcessError, TimeoutError) as error:
    sys.exit(f'flink: {error}')
