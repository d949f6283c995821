"""Tasks that are sorted by workers, and read from files when they are wanted."""

from components.voc_example_gen import plan
from components.voc_example_gen.assign import Choice
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.spread import exchange, item_rows, work_list
from components.voc_example_gen.spread.spread_pairs import Slice, Sort, pairs_in, sorted_in


def item(number):
  return Item(f'{number}.jpg', 'voc', f'{number}.xml')


def pair(number, split):
  return bytes([number]), number, (split,), *item_rows.of_item(item(number))


def test_a_slice_has_its_tasks_in_order_whichever_worker_found_them(tmp_path):
  folder = str(tmp_path)
  exchange.save(pairs_in(folder, 0), {0: [pair(3, 'train'), pair(1, 'train')], 1: [pair(5, 'train'), pair(6, 'eval')]})
  exchange.save(pairs_in(folder, 1), {0: [pair(2, 'train'), pair(9, 'test')], 1: [pair(4, 'train')]})
  choice = Choice('imagesets', names={'train': 'train', 'eval': 'eval'})
  for bucket in range(2):
    Sort(choice, 0, folder, 2, bucket)()
  some = Slice(folder, 'train', (0, 1), 1, 5)
  assert len(some) == 4
  assert list(some) == [plan.Task(item(n), n) for n in (2, 3, 4, 5)]
  assert list(Slice(folder, 'eval', (1,), 0, 1)) == [plan.Task(item(6), 6)]
  first, second = (work_list.load(f'{sorted_in(folder, bucket)}.found') for bucket in range(2))
  assert (first.tasks, first.bytes) == ({'train': 3}, {'train': 6})
  assert [refusal.path for refusal in first.left_out] == ['9.jpg']
  assert (second.tasks, second.bytes) == ({'train': 2, 'eval': 1}, {'train': 9, 'eval': 6})
