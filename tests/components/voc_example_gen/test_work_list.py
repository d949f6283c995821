"""Work that is handed over in files."""

from components.voc_example_gen import plan, work_list
from components.voc_example_gen.dataset_index import Item


def test_a_shard_comes_back_as_it_was(tmp_path):
  shard = plan.Shard('train', 0, 1, (plan.Task(Item('a.jpg', 'voc', 'a.xml'), 3),))
  path = work_list.save(str(tmp_path / 'folder'), shard.name, shard)
  assert work_list.load(path) == shard
