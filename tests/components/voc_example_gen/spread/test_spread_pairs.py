"""Tasks that are read from files when they are wanted."""

from components.voc_example_gen import plan
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.spread import exchange, item_rows
from components.voc_example_gen.spread.spread_pairs import Merge, Slice, sorted_in


def test_a_slice_has_its_tasks_in_order_whichever_worker_found_them(tmp_path):
  def item(number):
    return Item(f'{number}.jpg', 'voc', f'{number}.xml')

  def row(number):
    return bytes([number]), number, *item_rows.of_item(item(number))

  exchange.save(sorted_in(str(tmp_path), 0), {0: [row(3), row(1)], 1: [row(5)]})
  exchange.save(sorted_in(str(tmp_path), 1), {0: [row(2)], 1: [row(4)], 2: [row(9)]})
  for bucket in range(3):
    Merge(str(tmp_path), 2, bucket)()
  some = Slice(str(tmp_path), (0, 1), 1, 5)
  assert len(some) == 4
  assert list(some) == [plan.Task(item(n), n) for n in (2, 3, 4, 5)]
