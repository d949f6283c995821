"""How many processes and threads read a data set of some size."""

import pytest

from components.voc_example_gen import parallelism

LOCAL = f'--runner={parallelism.LOCAL_RUNNER}'
FLINK = '--runner=FlinkRunner'
THREADS = '--direct_running_mode=multi_threading'
PROCESSES = '--direct_running_mode=multi_processing'
TWO = '--direct_num_workers=2'

# (arguments given, images, cores) -> (arguments, threads of a job, whether it has a process)
MODES = {
  'a hundred images': ([], 100, 2, [LOCAL], 2, False),
  'a hundred thousand on two cores': ([], 100_000, 2, [LOCAL, THREADS, TWO], 2, True),
  'nine thousand on two cores': ([], 9_000, 2, [LOCAL], 2, False),
  'no more processes than the data needs': ([], 10_000, 64, [LOCAL, THREADS, TWO], 2, True),
  'no more processes than cores': ([], 10**6, 4, [LOCAL, THREADS, '--direct_num_workers=4'], 2, True),
  'one core': ([], 10_000, 1, [LOCAL], 1, False),
  'the user chose threads': ([THREADS, TWO], 100, 2, [THREADS, TWO, LOCAL], 2, True),
  'the user chose the processes of Beam': ([PROCESSES, TWO], 10**6, 2, [PROCESSES, TWO, LOCAL], 2, False),
  'the user chose a number': (['--direct_num_workers=1'], 10_000, 2, ['--direct_num_workers=1', LOCAL], 2, False),
  'another runner': ([FLINK], 10_000, 2, [FLINK], 2, True),
  'another runner, spelt apart': (['--runner', 'FlinkRunner'], 10_000, 2, ['--runner', 'FlinkRunner'], 2, True),
  'the direct runner by name': (['--runner=DirectRunner', '--x=1'], 100, 2, ['--x=1', LOCAL], 2, False),
}


@pytest.mark.parametrize(('given', 'images', 'cores', 'args', 'threads', 'in_processes'), MODES.values(), ids=MODES)
def test_processes_by_data_size(given, images, cores, args, threads, in_processes):
  assert parallelism.choose(given, images, cores) == (args, threads, in_processes)


def test_images_in_a_store_are_asked_for_many_at_a_time():
  assert parallelism.threads('s3://bucket/photos', [FLINK], 10**6) == 16
  assert parallelism.threads('/photos', [FLINK], 10**6) == 2
