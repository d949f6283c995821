"""Workers list a large folder as one process lists a small one; here small folders are taken for large ones."""

import dataclasses
import os
from pathlib import Path

import pytest

from components.voc_example_gen import listing
from components.voc_example_gen.spread import list_stages, stages
from components.voc_example_gen.spread.list_stages import ListRest, Parts
from detection.base import branches, file_status, local_tree
from detection.base.errors import DataError
from tests.support import spread_plans, voc_maker


@pytest.fixture(autouse=True)
def small(monkeypatch):
  monkeypatch.setattr(list_stages, '_RUN', 5)
  monkeypatch.setattr(branches, '_NAMES_OF_A_PART', 4)


MORE = {
  'README.txt': '',
  'raw/1.psd': '',
  'raw/deep/er/9.jpg': '',
  '.hidden/a.jpg': '',
  'SegmentationClass/000.png': '',
  '.a.jpg': '',
  'notes.md': '',
}


def test_a_small_folder_is_held_in_memory(tmp_path):
  root = voc_maker.devkit(tmp_path / 'data', 4)
  assert list_stages.begin(str(root), str(tmp_path / 'work'), most=8) == listing.list_folder(str(root))
  assert not (tmp_path / 'work').exists()


def test_the_names_of_a_large_folder_tell_that_it_is_and_no_file_is_asked_for(tmp_path, monkeypatch):
  root = voc_maker.devkit(tmp_path / 'data', 8)
  asked = []
  monkeypatch.setattr(file_status, 'of_local', asked.append)
  assert list_stages.begin(str(root), str(tmp_path / 'work'), most=15).names == 16
  assert asked == []


@pytest.mark.parametrize('most', [15, 16])
def test_how_many_names_there_are_is_told_before_the_folder_is_listed(tmp_path, monkeypatch, most):
  root, order = voc_maker.devkit(tmp_path / 'data', 8), []
  of_local = file_status.of_local
  monkeypatch.setattr(file_status, 'of_local', lambda path: order.append('a file') or of_local(path))
  list_stages.begin(str(root), str(tmp_path / 'work'), most, order.append)
  assert order[0] == 16


@pytest.mark.parametrize('most', [1, 2, 100])
def test_a_large_one_is_the_same_in_parts(tmp_path, monkeypatch, most):
  monkeypatch.setattr(local_tree, '_MOST_BRANCHES', most)
  root = voc_maker.write(voc_maker.devkit(tmp_path / 'data', 8), MORE)
  large = list_stages.begin(str(root), str(tmp_path / 'work'), most=17)
  assert large.names == (None if most < 100 else 21)
  assert len(large.parts.parts) == {1: 1, 2: 4, 100: 6}[most]
  tree = spread_plans.run_with_restarts(large.stage(stages.Result))
  assert (tree.files, tree.images, tree.annotations) == (17, 9, 8)
  assert [file.path for file in tree.others.files] == ['README.txt']
  assert tree.whole() == listing.list_folder(str(root))
  assert list_stages.tree_in(str(tmp_path / 'work')).whole() == tree.whole()


def test_what_links_lead_to_is_listed_once(tmp_path):
  root = voc_maker.devkit(tmp_path / 'data', 8)
  voc_maker.write(tmp_path / 'outside', {'x/1.jpg': '', '2.jpg': '', 'raw/3.psd': ''})
  for link in ('b', 'a', 'JPEGImages/deep'):
    (root / link).symlink_to(tmp_path / 'outside')
  (root / 'c').symlink_to(root / 'JPEGImages')
  (tmp_path / 'outside/back').symlink_to(root)
  tree = spread_plans.listed(root, tmp_path / 'work')
  assert tree.whole() == listing.list_folder(str(root))
  assert tree.others.unlisted_images == ('JPEGImages/deep/raw/3.psd',)
  assert tree.files == 18


@pytest.mark.parametrize('is_seen', [True, False])
def test_a_link_is_followed_whether_or_not_it_was_seen_when_the_folder_was_divided(tmp_path, is_seen):
  root = voc_maker.devkit(tmp_path / 'data', 8)
  outside = voc_maker.write(tmp_path / 'outside', {'x/1.jpg': ''})
  if is_seen:
    (root / 'link').symlink_to(outside)
  large = list_stages.begin(str(root), str(tmp_path / 'work'), most=0)
  assert large.stages == (('List', 'List what is left') if is_seen else ('List',))
  if not is_seen:
    (root / 'link').symlink_to(outside)
  jobs, following = large.stage(stages.Result)()
  spread_plans.run_here(jobs)
  jobs, following = following()
  assert len(jobs) == is_seen
  spread_plans.run_here(jobs)
  tree = following.value if isinstance(following, stages.Result) else following().then.value
  assert tree.whole() == listing.list_folder(str(root))
  assert tree.files == 17


@pytest.mark.parametrize(
  ('more', 'has_xml'), [({}, False), ({'._1.xml': ''}, False), ({'x.XML': ''}, True), ({'.x/1.xml': ''}, False)]
)
def test_one_annotation_tells_that_the_format_is_likely_voc(tmp_path, more, has_xml):
  root = voc_maker.write(tmp_path / 'data', {'images/1.jpg': '', 'images/2.jpg': '', **more})
  assert list_stages.begin(str(root), str(tmp_path / 'work'), most=0).has_xml == has_xml


def test_other_files_than_can_be_held_go_into_the_parts_too(tmp_path, monkeypatch):
  monkeypatch.setattr(list_stages, 'MOST_OTHERS', 2)
  root = voc_maker.write(tmp_path / 'data', {f'{folder}/{n}.json': '' for folder in 'ab' for n in range(5)})
  tree = spread_plans.listed(root, tmp_path / 'work')
  assert (tree.files, len(tree.others.files)) == (8, 2)
  assert tree.whole() == listing.list_folder(str(root))


def test_a_job_that_is_done_again_does_not_write_into_the_same_files(tmp_path):
  root = voc_maker.devkit(tmp_path / 'data', 8)
  job = list_stages.begin(str(root), str(tmp_path / 'work'), most=0).parts.jobs()[0]
  job()
  before = {path: path.stat().st_mtime_ns for path in tmp_path.glob('work/*-*-*')}
  job()
  assert len(before) == 2
  assert {path: path.stat().st_mtime_ns for path in before} == before
  assert len(list(tmp_path.glob('work/*-*-*'))) == 4


def test_the_mistake_that_a_job_finds_is_raised_by_the_stage_that_follows(tmp_path):
  root = voc_maker.devkit(tmp_path / 'data', 8)
  jobs, following = list_stages.begin(str(root), str(tmp_path / 'work'), most=0).stage(stages.Result)()
  os.rename(root, tmp_path / 'gone')
  spread_plans.run_here(jobs)
  with pytest.raises(DataError, match='data: no such folder'):
    following()


@dataclasses.dataclass(frozen=True)
class TheseParts:
  """A stage that lists for the state alone."""

  parts: Parts

  def __call__(self):
    return stages.Begun(self.parts.jobs(), ListRest(self.parts, stages.Result))


def test_the_state_alone_is_found_without_files(tmp_path):
  root = voc_maker.devkit(tmp_path / 'data', 8)
  (root / 'link').symlink_to(voc_maker.devkit(tmp_path / 'other', 3))
  parts = Parts(str(root), str(tmp_path / 'again'), listing.divide(str(root)).parts, keeps_files=False)
  assert stages.run(TheseParts(parts), spread_plans.run_here).state() == listing.state_of(str(root))
  assert len(list(Path(tmp_path).glob('again*'))) == len(parts.parts) + 1
