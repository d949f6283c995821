"""What one pass over record files finds, and that files read before are not read again."""

import dataclasses
import hashlib

import pytest

from detection import record_scan, records
from detection.base.errors import DataError
from detection.records import LabelledBox, LabelledImage

CAT = LabelledBox('cat', 0.125, 0.25, 0.5, 0.75)


def write(path, *images):
  with path.open('wb') as file:
    for number, boxes in enumerate(images):
      records.write(file, records.serialize(LabelledImage(b'image', 'png', 4, 6, f'{number}.png', boxes)))
  return str(path)


def test_one_pass_counts_measures_and_digests(tmp_path):
  path = write(tmp_path / 'records', [CAT], [], [CAT, LabelledBox('dog', 0.0, 0.0, 1.0, 1.0)])
  scan = record_scan.scan_file(path)
  assert (scan.records, scan.pixels) == (3, 3 * 4 * 6)
  assert scan.images_of_class == {'cat': ['0.png', '2.png'], 'dog': ['2.png']}
  assert scan.bad_boxes == []
  assert (scan.objects, scan.images) == ({'cat': 2, 'dog': 1}, {'cat': 2, 'dog': 1})


def test_the_digest_is_that_of_what_stands_around_each_record(tmp_path):
  path = tmp_path / 'records'
  scan = record_scan.scan_file(write(path, [CAT]))
  content = path.read_bytes()
  assert scan.digest == hashlib.sha256(content[:12] + content[-4:]).hexdigest()
  assert record_scan.scan_file(write(path, [CAT])).digest == scan.digest
  assert record_scan.scan_file(write(path, [dataclasses.replace(CAT, view='Left')])).digest != scan.digest


@pytest.mark.parametrize('corners', [(0.5, 0.0, 0.5, 1.0), (-0.5, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, float('nan'))])
def test_a_box_that_cannot_be_learned_is_named_with_its_image(tmp_path, corners):
  scan = record_scan.scan_file(write(tmp_path / 'records', [CAT], [LabelledBox('cat', *corners)]))
  (sentence,) = scan.bad_boxes
  assert sentence.startswith('1.png: box (ymin, xmin, ymax, xmax) [')


def test_only_the_first_problems_are_kept(tmp_path):
  bad = LabelledBox('cat', 0.5, 0.0, 0.5, 1.0)
  scan = record_scan.scan_file(write(tmp_path / 'records', *[[bad]] * (record_scan.SHOWN + 70)))
  assert len(scan.bad_boxes) == len(scan.images_of_class['cat']) == record_scan.SHOWN


def test_pixels_are_not_known_where_a_record_does_not_say(tmp_path):
  with (tmp_path / 'records').open('wb') as file:
    records.write(file, records.serialize(LabelledImage(b'image', 'png', 0, 0, 'a.png', [])))
  assert record_scan.scan_file(str(tmp_path / 'records')).pixels is None


def test_a_writer_knows_what_a_scan_would_find(tmp_path):
  images = [[CAT, CAT], [], [LabelledBox('dog', 0.0, 0.0, 1.0, 1.0)]]
  with (tmp_path / 'records').open('wb') as file:
    writer = record_scan.Writer(file)
    for number, boxes in enumerate(images):
      image = LabelledImage(b'image', 'png', 4, 6, f'{number}.png', boxes)
      writer.write(records.serialize(image), image.name, 4 * 6, [box.label for box in boxes])
  expected = record_scan.scan_file(str(tmp_path / 'records'))
  assert dataclasses.replace(writer.scan, images_of_class={}) == dataclasses.replace(expected, images_of_class={})
  assert writer.scan.images_of_class == {'cat': ['0.png'], 'dog': ['2.png']}
  assert (writer.scan.objects, writer.scan.images) == ({'cat': 2, 'dog': 1}, {'cat': 1, 'dog': 1})
  assert writer.size == (tmp_path / 'records').stat().st_size


def test_a_file_scanned_before_is_not_read_again(tmp_path):
  known = {str(tmp_path / 'gone'): record_scan.FileScan('00', 7, None, {}, [])}
  path = write(tmp_path / 'records', [CAT])
  found = record_scan.scan([path, str(tmp_path / 'gone')], known)
  assert [scan.records for scan in found.values()] == [1, 7]


@pytest.mark.parametrize(
  ('spoil', 'number'),
  [
    pytest.param(lambda content: content[:-3], 2, id='cut short'),
    pytest.param(lambda content: content[:-20] + b'\x00' + content[-19:], 2, id='a byte changed'),
    pytest.param(lambda content: b'no such file at all', 1, id='another format'),
  ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, spoil, number):
  path = write(tmp_path / 'records', [CAT], [CAT])
  (tmp_path / 'records').write_bytes(spoil((tmp_path / 'records').read_bytes()))
  with pytest.raises(DataError, match=f'{path}: record {number} is cut short or damaged'):
    record_scan.scan_file(path)


def test_records_that_are_no_examples_are_refused(tmp_path):
  with (tmp_path / 'records').open('wb') as file:
    records.write(file, b'\xff\xff not an example')
  with pytest.raises(DataError, match='Expected an uncompressed TFRecord file of tf.Example'):
    record_scan.scan_file(str(tmp_path / 'records'))
