"""Workers read tables line by line, and put the rows of a part together."""

from components.voc_example_gen.refusals import Reason
from components.voc_example_gen.spread import exchange, item_rows, spread_csv, work_list
from components.voc_example_gen.spread.spread_csv import File, Join, ReadTable
from components.voc_example_gen.spread.spread_entries import Entry
from components.voc_example_gen.spread.spread_listing import PARTS, divided
from tests.support import voc_maker

TABLE = 'filename,class,xmin,ymin,xmax,ymax\n' + ''.join(f'{n % 5}.jpg,cat,{n},1,50,50\n' for n in range(12))


def read(folder, content):
  voc_maker.write(folder, {'x.csv': content})
  ReadTable(str(folder), 'x.csv', str(folder / 'read'))()
  return work_list.load(str(folder / 'read.found'))


def test_rows_are_written_a_few_at_a_time_and_put_together_by_images(tmp_path, monkeypatch):
  monkeypatch.setattr(spread_csv, '_RUN', 5)
  monkeypatch.setattr(spread_csv, '_BLOCK', 7)
  found = read(tmp_path, TABLE)
  assert found.rows == 12
  assert [sum(1 for _ in exchange.load([run], range(PARTS))) for run in found.runs] == [5, 5, 2]
  saved = work_list.save(str(tmp_path), 'files', ([File(0, found.runs, found.relative)], {'cat': 'Cat'}))
  outputs = [str(tmp_path / f'joined-{n}') for n in range(3)]
  for parts, output in zip(divided(3), outputs, strict=True):
    Join(saved, parts, output)()
  entries = sorted(map(Entry._make, exchange.load(outputs, range(PARTS))))
  told = [item_rows.to_annotation(entry.annotation) for entry in entries]
  assert [(one.filename, [thing.xmin for thing in one.objects]) for one in told] == [
    (f'{n}.jpg', list(range(n, 12, 5))) for n in range(5)
  ]
  assert {thing.label for one in told for thing in one.objects} == {'Cat'}


def test_what_is_no_table_of_boxes_is_refused_and_not_unclear(tmp_path):
  found = read(tmp_path, 'x,y\n1,2\n')
  assert found.is_clear
  assert found.refused[0] == Reason.NOT_AN_ANNOTATION
