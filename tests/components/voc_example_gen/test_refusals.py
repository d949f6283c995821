"""Reading a file, or refusing it."""

import os

import pytest

from components.voc_example_gen import refusals
from components.voc_example_gen.refusals import Reason, Refusal, RefusedFileError


def test_a_file_up_to_the_limit_is_read_and_a_larger_one_refused(tmp_path):
  (tmp_path / 'a.xml').write_bytes(b'12345')
  assert refusals.read_annotation_file(str(tmp_path), 'a.xml', 5) == b'12345'
  with pytest.raises(RefusedFileError, match='annotation_too_large: expected at most 4 bytes'):
    refusals.read_annotation_file(str(tmp_path), 'a.xml', 4)


def test_a_file_that_has_grown_since_its_size_was_asked_is_read_to_its_end(tmp_path, monkeypatch):
  (tmp_path / 'a.xml').write_bytes(b'12345')
  empty = os.stat(tmp_path / 'a.xml')[:6] + (0,) + os.stat(tmp_path / 'a.xml')[7:]
  monkeypatch.setattr(refusals.os, 'fstat', lambda descriptor: os.stat_result(empty))
  assert refusals.read_annotation_file(str(tmp_path), 'a.xml', 5) == b'12345'
  with pytest.raises(RefusedFileError, match='annotation_too_large'):
    refusals.read_annotation_file(str(tmp_path), 'a.xml', 4)


def test_a_file_that_is_gone_is_refused_with_the_reason_given(tmp_path):
  with pytest.raises(RefusedFileError) as caught:
    refusals.read_file(str(tmp_path), 'gone.jpg', 9, Reason.IMAGE_UNREADABLE, Reason.IMAGE_TOO_LARGE)
  assert (caught.value.reason, caught.value.detail) == (Reason.IMAGE_UNREADABLE, 'No such file or directory')


@pytest.mark.parametrize(
  ('reason', 'bad'), [(Reason.IMAGE_CORRUPT, True), (Reason.NO_USABLE_BOX, True), (Reason.NOT_IN_A_SPLIT, False)]
)
def test_what_is_set_aside_is_not_bad(reason, bad):
  assert Refusal('a.jpg', reason).is_bad is bad


@pytest.mark.parametrize(
  ('path', 'limit', 'reason'),
  [
    pytest.param('gone', 9, Reason.ANNOTATION_UNREADABLE, id='no file'),
    pytest.param('a', 2, Reason.ANNOTATION_TOO_LARGE, id='more than is allowed'),
  ],
)
def test_a_file_that_is_read_in_blocks_is_refused_too(tmp_path, path, limit, reason):
  (tmp_path / 'a').write_text('abc')
  with refusals.opened_annotation_file(str(tmp_path), 'a', 3) as file:
    assert (file.read(2), file.read(), file.seek(1), file.read()) == (b'ab', b'c', None, b'bc')
  with pytest.raises(RefusedFileError) as caught, refusals.opened_annotation_file(str(tmp_path), path, limit) as file:
    file.read()
  assert caught.value.reason == reason
