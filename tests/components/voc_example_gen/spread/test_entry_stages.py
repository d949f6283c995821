"""Stages go on from what the workers of the stage before have left in files, wherever that is asked."""

import json
import pickle

import pytest

from components.voc_example_gen.spread import entry_stages, work_list
from components.voc_example_gen.spread.coco_stages import CocoStages
from components.voc_example_gen.spread.spread_parts import UnclearError
from tests.support import spread_plans, voc_maker

NUMBERS = (*range(30), *range(90, 93))
DOCUMENT = {
  'images': [{'id': n, 'file_name': f'{n}.jpg'} for n in NUMBERS],
  'annotations': [{'image_id': n, 'category_id': 1, 'bbox': [1, 1, 9, 9]} for n in NUMBERS],
  'categories': [{'id': 1, 'name': 'cat'}],
}
FILES = {'x.json': json.dumps(DOCUMENT), **{f'{n}.jpg': b'' for n in range(30)}}


def stages_of(root, folder):
  tree = spread_plans.listed(root, folder)
  return CocoStages(tree, work_list.save(str(folder), 'tree', tree), str(folder), ('folders',), False, 25)


def run(jobs):
  for job in jobs:
    job()
  return [work_list.load(f'{job.output}.found') for job in jobs]


def test_a_process_that_knows_only_where_the_files_are_goes_on(tmp_path, monkeypatch):
  spread_plans.make_small(monkeypatch)
  stages = stages_of(voc_maker.write(tmp_path / 'data', FILES), tmp_path / 'work')

  def elsewhere():
    return pickle.loads(pickle.dumps(stages))

  assert len(run(elsewhere().read())) == 1
  assert len(run(elsewhere().join())) == 8
  matched = run(elsewhere().match())
  assert len(matched) == 25
  paired, index = elsewhere().found(matched)
  assert sum(one.images for one in paired) == 30
  assert [refusal.detail[:14] for refusal in index.refused] == [f'names "{n}.jpg"' for n in (90, 91, 92)]


def test_too_many_files_are_left_to_a_single_process(tmp_path, monkeypatch):
  monkeypatch.setattr(entry_stages, '_MOST_FILES', 0)
  with pytest.raises(UnclearError):
    stages_of(voc_maker.write(tmp_path / 'data', FILES), tmp_path / 'work').read()
