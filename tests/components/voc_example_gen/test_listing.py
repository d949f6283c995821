"""What of a folder is listed: images and possible annotations, and nothing that must not be opened."""

import os
import re
import subprocess
import sys

import pytest

from components.voc_example_gen import listing
from tests.support import paging_store, voc_maker
from tests.support.voc_maker import thing, voc


def test_junk_is_ignored(tmp_path):
  junk = ('.DS_Store', 'Thumbs.db', '._a.jpg', '.git/x.xml', '__MACOSX/a.jpg', 'SegmentationClass/a.png', 'notes.md')
  voc_maker.write(tmp_path, {**voc_maker.good(), **dict.fromkeys(junk, 'junk'), 'classes.txt': 'cat\n'})
  planned, outcomes, tally = voc_maker.examine(tmp_path)
  assert sorted(outcomes) == ['good-1.jpg', 'good-2.jpg']
  assert tally.refused == []
  assert planned.data_format == 'voc'


def test_a_pipe_or_a_device_is_never_opened(tmp_path):
  voc_maker.write(tmp_path, {**voc_maker.good(), 'a.xml': voc(thing()), 'b.xml': voc(thing(), filename='b.jpg')})
  os.mkfifo(tmp_path / 'a.jpg')
  (tmp_path / 'b.jpg').symlink_to('/dev/zero')
  _, outcomes, tally = voc_maker.examine(tmp_path)
  assert sorted(outcomes) == ['good-1.jpg', 'good-2.jpg']
  assert voc_maker.reasons(tally) == dict.fromkeys(['a.xml', 'b.xml'], 'annotation_without_image')


def test_a_link_that_goes_in_a_circle_is_followed_once(tmp_path):
  voc_maker.write(tmp_path, voc_maker.good())
  (tmp_path / 'again').symlink_to(tmp_path)
  assert len(listing.list_folder(str(tmp_path)).files) == 4


def test_images_of_formats_that_are_not_read_are_named(tmp_path):
  listed = listing.list_folder(
    str(voc_maker.write(tmp_path, {'a/1.psd': 'x', '2.CR2': 'x', '3.ppm': 'x', '.4.psd': 'x'}))
  )
  assert listed.unlisted_images == ('2.CR2', 'a/1.psd')
  assert [image.path for image in listed.images] == ['3.ppm']


LIST = """
import os, sys
from components.voc_example_gen import listing
from components.voc_example_gen.spread import list_stages, stages
from detection.base.errors import DataError
try:
  tree = listing.list_folder("s3://b/data")
  print(len(tree.files), sum(one.size for one in tree.files), tree.state == listing.state_of("s3://b/data"), flush=True)
  first = list_stages.begin("s3://b/data", sys.argv[1], most=0).stage(stages.Result)
  print(stages.run(first, lambda jobs: [job() for job in jobs]).whole() == tree, flush=True)
except DataError as error:
  print(error, flush=True)
os._exit(0)  # tensorflow-io may abort at the end
"""


def list_store(work, **behaviour):
  """What LIST prints of 15 files, 60 bytes in all, in a store that behaves like this; and the store."""
  files = (('JPEGImages', 'jpg'), ('Annotations', 'xml'))
  objects = {f'data/{name}/{n:02}.{suffix}': b'x' * (n + 1) for n in range(7) for name, suffix in files}
  with paging_store.running({**objects, 'data/classes.txt': b'cat\n'}, **behaviour) as store:
    command = [sys.executable, '-c', LIST, str(work)]
    listed = subprocess.run(command, env={**os.environ, **store.variables}, capture_output=True, text=True, check=True)
  return listed.stdout, store


@pytest.mark.slow
def test_a_store_that_lists_in_pages_and_refuses_now_and_then_is_listed_whole_with_several_requests_at_a_time(tmp_path):
  printed, store = list_store(tmp_path, busy_every=4, seconds=0.02)
  assert printed.split() == ['15', '60', 'True', 'True']
  assert store.refused
  assert store.most_at_once > 1


@pytest.mark.slow
def test_a_folder_that_a_store_does_not_list_ends_the_run_in_one_line(tmp_path):
  printed, _ = list_store(tmp_path, forbidden='Annotations')
  assert re.fullmatch('s3://b/data/Annotations/?: (its store does not answer|cannot be read)[^\n]*\n', printed)
