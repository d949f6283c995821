"""How many processes and threads read a data set of some size."""

import pytest

from components.voc_example_gen import parallelism
from components.voc_example_gen.spread import worker_processes
from detection.base.errors import ConfigError

LOCAL = f'--runner={parallelism.LOCAL_RUNNER}'
FLINK = '--runner=FlinkRunner'
THREADS = '--direct_running_mode=multi_threading'
PROCESSES = '--direct_running_mode=multi_processing'
TWO = '--direct_num_workers=2'
THREE, NONE, ITS_OWN = '--parallelism=3', '--parallelism=0', '--parallelism=-1'
ALL = worker_processes.AS_MANY_AS_CORES

# (arguments given, images, cores) -> (arguments for an engine, threads of a job, processes)
MODES = {
  'a hundred images': ([], 100, 2, None, 2, 0),
  'a hundred thousand on two cores': ([], 100_000, 2, None, 1, 2),
  'three thousand on two cores': ([], 3_000, 2, None, 2, 0),
  'no more processes than the data needs': ([], 10_000, 64, None, 1, 5),
  'no more processes than cores': ([], 10**6, 4, None, 1, 4),
  'one core': ([], 10_000, 1, None, 1, 0),
  'the user chose threads': ([THREADS, TWO], 100, 2, None, 1, 2),
  'the user chose threads, and no number of them': ([THREADS], 100, 8, None, 1, 1),
  'the user chose the processes of Beam': ([PROCESSES, TWO], 10**6, 2, [PROCESSES, TWO, LOCAL], 1, 0),
  'the user chose a number': (['--direct_num_workers=1'], 10_000, 2, None, 1, 1),
  'the user chose all cores': (['--direct_num_workers=0'], 10_000, 6, None, 1, 6),
  'another runner': ([FLINK], 10_000, 2, [FLINK], 1, ALL),
  'another runner, spelt apart': (['--runner', 'FlinkRunner'], 10_000, 2, ['--runner', 'FlinkRunner'], 1, ALL),
  'another runner for three jobs at a time': ([FLINK, THREE], 10_000, 2, [FLINK, THREE], 1, 3),
  'another runner that chooses how many': ([FLINK, ITS_OWN], 10_000, 2, [FLINK, ITS_OWN], 1, ALL),
  'another runner for no job at a time': ([FLINK, NONE], 10_000, 2, [FLINK, NONE], 1, ALL),
  'the direct runner by name': (['--runner=DirectRunner', '--x=1'], 100, 2, None, 2, 0),
}


@pytest.mark.parametrize(('given', 'images', 'cores', 'args', 'threads', 'processes'), MODES.values(), ids=MODES)
def test_processes_by_data_size(given, images, cores, args, threads, processes):
  assert parallelism.choose(given, images, cores) == (args, threads, processes)


def test_a_number_of_workers_that_is_none_is_refused():
  with pytest.raises(ConfigError, match=r"^beam\.args: --direct_num_workers: expected a number .*, received 'many'\.$"):
    parallelism.choose(['--direct_num_workers=many'], 100)


LOOPBACK = '--environment_type=LOOPBACK'
# (arguments given, names in the folder, cores) -> processes of this machine that are started before it is listed
AHEAD = {
  'as many as its images need, which are half of its names': ([], 20_000, 64, 5),
  'no more than cores': ([], 10**6, 2, 2),
  'none for a small folder': ([], 7_000, 2, 0),
  'as many as the user chose': ([THREADS, TWO], 200, 8, 2),
  'none beside the processes of Beam': ([PROCESSES, TWO], 10**6, 2, 0),
  'none where an engine has workers of its own': ([FLINK, THREE], 10**6, 8, 0),
  'those of an engine whose workers are here': ([FLINK, THREE, LOOPBACK], 10**6, 8, 3),
  'no more than cores for such an engine': ([FLINK, LOOPBACK], 10**6, 8, 8),
}


@pytest.mark.parametrize(('given', 'names', 'cores', 'processes'), AHEAD.values(), ids=AHEAD)
def test_processes_to_start_ahead(given, names, cores, processes):
  assert parallelism.ahead(given, names, cores) == processes


def test_images_in_a_store_are_asked_for_many_at_a_time():
  assert parallelism.threads('s3://bucket/photos', [FLINK], 10**6) == 16
  assert parallelism.threads('/photos', [FLINK], 10**6) == 1
