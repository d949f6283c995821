"""Workers read COCO files as streams, and join them a part at a time."""

import json

from components.voc_example_gen.refusals import Reason
from components.voc_example_gen.spread import exchange, item_rows, spread_coco, work_list
from components.voc_example_gen.spread.spread_coco import File, Join, ReadCoco
from components.voc_example_gen.spread.spread_entries import Entry
from components.voc_example_gen.spread.spread_listing import PARTS, divided
from tests.support import voc_maker

CATEGORIES = [{'id': 7, 'name': 'cat'}]


def read(folder, document, name='x.json'):
  text = document if isinstance(document, str) else json.dumps(document)
  voc_maker.write(folder, {name: text})
  ReadCoco(str(folder), name, str(folder / f'read-{name}'))()
  return work_list.load(str(folder / f'read-{name}.found'))


def document(count):
  images = [{'id': n, 'file_name': f'{n}.jpg'} for n in range(count)]
  boxes = [{'image_id': n % count, 'category_id': 7, 'bbox': [n, 1, 5, 5]} for n in range(2 * count)]
  return {'images': images, 'annotations': boxes, 'categories': CATEGORIES}


def test_rows_are_written_a_few_at_a_time(tmp_path, monkeypatch):
  monkeypatch.setattr(spread_coco, '_RUN', 10)
  found = read(tmp_path, document(15))
  assert found.is_clear
  assert (found.rows, found.annotations) == (45, 30)
  assert [sum(1 for _ in exchange.load([run], range(PARTS))) for run in found.runs] == [10, 10, 10, 10, 5]


def test_the_parts_of_two_files_are_joined_one_by_one(tmp_path):
  files = [
    File(number, found.runs, found.categories)
    for number in (0, 1)
    if (found := read(tmp_path, document(4 + number), f'{number}.json'))
  ]
  saved = work_list.save(str(tmp_path), 'files', files)
  outputs = [str(tmp_path / f'joined-{n}') for n in range(5)]
  for parts, output in zip(divided(5), outputs, strict=True):
    Join(saved, parts, output)()
  entries = sorted(map(Entry._make, exchange.load(outputs, range(PARTS))))
  named = [item_rows.to_annotation(entry.annotation) for entry in entries]
  assert [(entry.file, entry.place) for entry in entries] == [*((0, n) for n in range(4)), *((1, n) for n in range(5))]
  assert [(one.filename, [thing.xmin for thing in one.objects]) for one in named[:4]] == [
    (f'{n}.jpg', [n, n + 4]) for n in range(4)
  ]
  found = [one for output in outputs for one in work_list.load(f'{output}.found')]
  assert {number: sum(one.labelled for one in found if one.file == number) for number in (0, 1)} == {0: 4, 1: 5}


def test_what_is_no_coco_file_is_refused_and_not_unclear(tmp_path):
  for content, reason in {'{}': Reason.NOT_AN_ANNOTATION, '[': Reason.ANNOTATION_MALFORMED}.items():
    found = read(tmp_path, content)
    assert found.is_clear
    assert found.refused[0] == reason
