"""What workers find of a VOC folder is put together; equality with one process is in test_spread_plan.py."""

from components.voc_example_gen.spread import work_list
from components.voc_example_gen.spread.voc_stages import VocStages
from tests.support import spread_plans, voc_maker
from tests.support.voc_maker import thing, voc


def test_what_several_workers_refuse_is_in_order_of_paths(tmp_path):
  lost = {f'Annotations/lost{n}.xml': voc(thing(), filename=f'lost{n}.jpg') for n in range(6)}
  root = voc_maker.write(voc_maker.devkit(tmp_path / 'data', 12), lost)
  tree = spread_plans.listed(root, tmp_path)
  stages = VocStages(tree, work_list.save(str(tmp_path), 'tree', tree), str(tmp_path), ('folders',), False, 5)
  jobs = stages.pair()
  assert len(jobs) == 5
  for job in jobs:
    job()
  paired, index = stages.found([work_list.load(f'{job.output}.found') for job in jobs])
  assert sum(one.images for one in paired) == 12
  assert [refusal.path for refusal in index.refused] == sorted(lost)
