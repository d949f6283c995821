"""How many processes and threads read a data set of some size."""

import pytest

from components.voc_example_gen import parallelism

LOCAL = f'--runner={parallelism.LOCAL_RUNNER}'

TWO = ['--direct_running_mode=multi_processing', '--direct_num_workers=2']

MODES = {
  'a hundred images': ([], 100, 2, [LOCAL], 2),
  'a hundred thousand on two cores': ([], 100_000, 2, [LOCAL, *TWO], 1),
  'thirty thousand on two cores': ([], 30_000, 2, [LOCAL], 2),
  'no more processes than the data needs': ([], 50_000, 64, [LOCAL, *TWO], 1),
  'no more processes than cores': ([], 10**6, 4, [LOCAL, TWO[0], '--direct_num_workers=4'], 1),
  'one core': ([], 10_000, 1, [LOCAL], 1),
  'the user chose': (['--direct_num_workers=1'], 10_000, 2, ['--direct_num_workers=1', LOCAL], 1),
  'another runner': (['--runner=FlinkRunner'], 10_000, 2, ['--runner=FlinkRunner'], 1),
  'another runner, spelt apart': (['--runner', 'FlinkRunner'], 10_000, 2, ['--runner', 'FlinkRunner'], 1),
  'the direct runner by name': (['--runner=DirectRunner', '--x=1'], 100, 2, ['--x=1', LOCAL], 2),
}


@pytest.mark.parametrize(('given', 'images', 'cores', 'args', 'threads'), MODES.values(), ids=MODES)
def test_processes_by_data_size(given, images, cores, args, threads):
  assert parallelism.choose(given, images, cores) == (args, threads)
