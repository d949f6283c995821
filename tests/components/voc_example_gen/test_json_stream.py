"""A file that is read in blocks says what json.loads says."""

import io
import json

import pytest

from components.voc_example_gen import json_stream

DOCUMENTS = {
  'nothing': {},
  'empty lists': {'images': [], 'annotations': []},
  'entries': {'images': [{'id': n, 'file_name': f'ä{n}.jpg'} for n in range(50)], 'info': {'year': 2017}},
  'numbers alone': {'a': [0, -1, 12345678901234567890, 1.5e-07, float('inf'), True, None], 'b': -1.25},
  'a long entry': {'a': [{'segmentation': [[n / 7 for n in range(300)]]}, 'x' * 500]},
  'no object': [1, 2, {'a': 1}],
  'a number': 12.5,
}
BROKEN = {
  'cut short': '{"a": [{"b": 1}, {"b"',
  'a comma too much': '{"a": [1, 2, ]}',
  'no comma': '{"a": [1 2]}',
  'no name': '{1: 2}',
  'more than one': '{"a": 1} {"b": 2}',
  'nothing at all': '',
  'bytes that are no text': b'{"a": "\xff"}',
}


@pytest.mark.parametrize('block', [1, 7, 64, 2**20])
@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
@pytest.mark.parametrize('document', DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_is_read_is_what_json_reads(monkeypatch, document, encoding, block):
  monkeypatch.setattr(json_stream, '_BLOCK', max(block, 4))
  for indent in (None, 2):
    content = json.dumps(document, indent=indent, ensure_ascii=False).encode(encoding)
    kept = json_stream.load(io.BytesIO(content), lambda entry: {**entry, 'seen': True})
    assert repr(kept) == repr(json.loads(content, object_hook=lambda entry: {**entry, 'seen': True}))


@pytest.mark.parametrize('content', BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_fails_with_the_same_words(monkeypatch, content):
  monkeypatch.setattr(json_stream, '_BLOCK', 4)
  content = content if isinstance(content, bytes) else content.encode()
  with pytest.raises(ValueError) as usual:
    json.loads(content)
  with pytest.raises(ValueError) as streamed:
    json_stream.load(io.BytesIO(content), dict)
  assert (type(streamed.value), str(streamed.value)) == (type(usual.value), str(usual.value))


class _Counted(io.BytesIO):
  """Tells how often it was read from the start."""

  starts = 0

  def seek(self, *place):
    self.starts += 1
    return super().seek(*place)


@pytest.mark.parametrize('block', range(4, 40))
def test_a_large_file_is_read_once(monkeypatch, block):
  monkeypatch.setattr(json_stream, '_BLOCK', block)
  file = _Counted(json.dumps({'a': [{'n': n} for n in range(99)], 'b': [1.5, 2222, -3e9, 'x'], 'c': 12345}).encode())
  assert len(json_stream.load(file, lambda entry: entry)['a']) == 99
  assert file.starts == 0


def test_the_entries_of_lists_are_given_and_not_kept(monkeypatch):
  monkeypatch.setattr(json_stream, '_BLOCK', 16)
  given = []
  content = json.dumps({'a': [{'b': [1, 2]}, 3], 'year': 2017, 'c': [], 'd': {'e': [4]}}).encode()
  left = json_stream.scan(io.BytesIO(content), lambda entry: entry, lambda name, entry: given.append((name, entry)))
  assert given == [('a', {'b': [1, 2]}), ('a', 3)]
  assert left == {'a': [], 'year': 2017, 'c': [], 'd': {'e': [4]}}


@pytest.mark.parametrize('content', ['{"a": [1], "a": [2]}', '[1]', '{"a": [1'])
def test_entries_of_which_some_may_not_count_are_an_error(content):
  with pytest.raises(ValueError):
    json_stream.scan(io.BytesIO(content.encode()), lambda entry: entry, lambda name, entry: None)
