"""Workers plan a large folder as one process plans a small one; here small folders are taken for large ones."""

import os
import pickle
import subprocess
import sys

import pytest

from components.voc_example_gen import listing, plan
from components.voc_example_gen.settings import IngestSettings
from components.voc_example_gen.spread import list_stages, spread_parts, spread_plan, stages, work_list
from components.voc_example_gen.spread.spread_pairs import Pair, Sort
from detection.base.errors import DataError
from tests.support import spread_plans, voc_maker
from tests.support.voc_maker import encode, picture, thing, voc


def run_here(jobs):
  for job in jobs:
    pickle.loads(pickle.dumps(job))()


@pytest.fixture(autouse=True)
def small(monkeypatch):
  monkeypatch.setattr(plan, 'SHARD_BYTES', 4000)
  monkeypatch.setattr(spread_plan, '_FILES_OF_A_JOB', 7)
  monkeypatch.setattr(spread_parts, '_TASKS_OF_A_BUCKET', 4)
  monkeypatch.setattr(list_stages, '_RUN', 9)


def spread(root, folder, **settings):
  tree = spread_plans.listed(root, folder)
  first = spread_plan.first(tree, IngestSettings(**settings), str(folder), stages.Result)
  return tree, first and stages.run(first, run_here)


def told(planned):
  """Everything in a plan, in values that can be compared."""
  shards = [(shard.split, shard.index, shard.of, list(shard.tasks)) for shard in planned.shards]
  fixed = planned.root, planned.data_format, planned.split_method, planned.placing, planned.warnings
  return (*fixed, planned.state, planned.fingerprint, shards, sorted(planned.refused, key=str))


LISTS = {
  'ImageSets/Main/train.txt': ''.join(f'{n:03}\n' for n in range(10)),
  'ImageSets/Main/val.txt': ''.join(f'{n:03}\n' for n in range(10, 20)),
}
LISTED = {
  f'{split}.txt': ''.join(f'{n:03}.jpg\n' for n in range(first, 40, 2)) for first, split in enumerate(('train', 'val'))
}
IN_FOLDERS = {
  f'{split}/{part}/{split}{n}.{suffix}': encode(picture(n)) if suffix == 'jpg' else voc(thing())
  for split in ('train', 'valid', 'test')
  for n in range(6)
  for part, suffix in (('images', 'jpg'), ('labels', 'xml'))
}
CLEAR = {
  'nothing else': ({}, {}),
  'an image without an annotation': ({'JPEGImages/alone.jpg': encode(picture(80))}, {}),
  'an annotation without an image': ({'Annotations/lost.xml': voc(thing(), filename='lost.jpg')}, {}),
  'a broken annotation without an image': ({'Annotations/lost.xml': '<annotation>'}, {}),
  'a name with two endings': (
    {'JPEGImages/x.jpg': encode(picture(81)), 'Annotations/x.jpg.xml': voc(thing(), filename='x.jpg')},
    {},
  ),
  'a name with an umlaut in bytes that are no UTF-8': (
    {'JPEGImages/f\udcfcr.jpg': encode(picture(82)), 'Annotations/f\udcfcr.xml': voc(thing())},
    {},
  ),
  'lists of the devkit': (LISTS, {}),
  'splits that are declared for folders': ({**IN_FOLDERS, 'data.yaml': 'train: valid\nval: train/\n'}, {}),
  'a second format for all images': (
    {f'JPEGImages/{n:03}.txt': '0 0.5 0.5 0.1 0.1\n' for n in range(40)},
    {'data_format': 'voc'},
  ),
  'lists of images': (LISTED, {}),
  'texts that are no labels': ({'notes.txt': 'cats, dogs', 'JPEGImages/003.txt': '', 'alone.txt': ''}, {}),
  'labels of a format that is not named': ({'JPEGImages/003.txt': '0 0.5 0.5 0.1 0.1\n'}, {'data_format': 'voc'}),
  'other files': ({'README.txt': 'Cats and dogs.', 'package.json': '{}', 'a.yaml': 'x: 1'}, {}),
  'folders of splits': (IN_FOLDERS, {}),
  'a test set that is kept': (IN_FOLDERS, {'split': {'method': 'folders', 'keep_test': True, 'group_by': 'a'}}),
  'stratified': ({}, {'split': {'method': 'stratified'}}),
  'a format that is named': (
    {'labels.json': '{"images": [], "annotations": [], "categories": []}'},
    {'data_format': 'voc'},
  ),
}


@pytest.mark.parametrize(('more', 'settings'), CLEAR.values(), ids=CLEAR)
def test_workers_make_the_same_plan(tmp_path, more, settings):
  root = voc_maker.write(voc_maker.devkit(tmp_path / 'data', 40), more)
  tree, planned = spread(root, tmp_path / 'work', **settings)
  assert planned is not None
  assert told(planned) == told(plan.make(str(root), IngestSettings(**settings)))
  assert len(planned.shards) > 3
  assert planned.images == len(list(planned.items()))
  assert tree.whole() == plan.listing.list_folder(str(root))


TANGLED = {
  'two images of one stem': ({'other/003.png': encode(picture(3), 'PNG')}, {}),
  'two annotations of one stem': ({'other/003.xml': voc(thing())}, {}),
  'folders that do not fit': ({'a/x.jpg': encode(picture(90)), 'b/x.xml': voc(thing())}, {}),
  'an annotation that names another image': ({'Annotations/lost.xml': voc(thing(), filename='003.jpg')}, {}),
  'a mask': ({'JPEGImages/003_mask.png': encode(picture(3), 'PNG')}, {}),
  'labels of another format': ({'labels/x.txt': '0 0.5 0.5 0.1 0.1\n'}, {}),
  'more other files than images': ({f'notes/{n}.txt': '' for n in range(30)}, {}),
  'a list and a folder that are declared': ({'data.yaml': 'train: train.txt\nval: b\n', 'train.txt': 'a.jpg\n'}, {}),
  'another format': ({}, {'data_format': 'images'}),
  'contents that have to be compared': ({}, {'fingerprint': 'content'}),
}


@pytest.mark.parametrize(('more', 'settings'), TANGLED.values(), ids=TANGLED)
def test_what_one_part_does_not_tell_is_left_to_a_single_process(tmp_path, more, settings):
  root = voc_maker.write(voc_maker.devkit(tmp_path / 'data', 20), more)
  assert spread(root, tmp_path / 'work', **settings)[1] is None


def test_folders_that_are_too_many_in_all_parts_together_are_not_clear(monkeypatch):
  monkeypatch.setattr(spread_parts, 'MOST_FOLDERS', 2)
  parts = [spread_parts.Paired(folders={'a': 1, 'b': 1}), spread_parts.Paired(folders={'b': 1, 'c': 1})]
  assert spread_plan._by_folder(listing.Tree('x', ()), parts[:1]) == {}
  assert spread_plan._by_folder(listing.Tree('x', ()), parts) is None


def test_a_method_that_does_not_fit_fails_as_in_one_process(tmp_path):
  root, settings = voc_maker.devkit(tmp_path / 'data', 20), {'split': {'method': 'folders'}}
  with pytest.raises(DataError) as alone:
    plan.make(str(root), IngestSettings(**settings))
  with pytest.raises(DataError) as together:
    spread(root, tmp_path / 'work', **settings)
  assert str(together.value) == str(alone.value)


KILLED = """
import contextlib, os, sys
from components.voc_example_gen.spread import exchange, work_list
from detection.base import files

whole_file = files.whole_file

@contextlib.contextmanager
def whole_file_until_killed(path):
  with whole_file(path) as file:
    write = file.write
    class Dying:
      def write(self, content):
        write(content[: len(content) // 2])
        file.flush()
        os._exit(9)
    yield Dying()

files.whole_file = whole_file_until_killed
work_list.load(sys.argv[1])()
"""


def test_a_worker_that_is_killed_while_it_hands_on_its_rows_leaves_none(tmp_path):
  root, work, killed = voc_maker.devkit(tmp_path / 'data', 20), tmp_path / 'work', []

  def kill_first(jobs):
    for job in jobs:
      if type(job) in killed:  # one of each kind: a process for each job takes long
        run_here([job])
        continue
      path = work_list.save(str(tmp_path), 'job', job)
      before = set(os.listdir(work))
      assert subprocess.run([sys.executable, '-c', KILLED, path], check=False).returncode == 9
      unfinished = set(os.listdir(work)) - before
      assert [name for name in unfinished if '.partial-' not in name] == []
      killed.append(type(job))
      run_here([job])  # what an engine does then

  tree = spread_plans.listed(root, work)
  planned = stages.run(spread_plan.first(tree, IngestSettings(), str(work), stages.Result), kill_first)
  assert told(planned) == told(plan.make(str(root), IngestSettings()))
  assert killed == [Pair, Sort]
