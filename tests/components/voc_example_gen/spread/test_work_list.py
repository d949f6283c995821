"""Work that is handed over in files."""

from components.voc_example_gen import plan
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.spread import work_list


def test_a_shard_comes_back_as_it_was(tmp_path):
  shard = plan.Shard('train', 0, 1, (plan.Task(Item('a.jpg', 'voc', 'a.xml'), 3),))
  path = work_list.save(str(tmp_path / 'folder'), shard.name, shard)
  assert work_list.load(path) == shard
