"""Labelled images without a pipeline."""

from components.voc_example_gen.labelled_images import LabelledImages
from components.voc_example_gen.settings import IngestSettings
from detection import records


def test_images_with_usable_boxes_are_read_and_all_others_left_out(messy):
  labelled = LabelledImages(str(messy), IngestSettings())
  images = {image.name: image for image in labelled.images()}
  assert labelled.left_out == {
    'JPEGImages/half.jpg': 'image_corrupt: OSError: image file is truncated (30 bytes not processed)'
  }
  assert sorted(images) == [*(f'JPEGImages/{number:03}.jpg' for number in range(10)), 'JPEGImages/clip.jpg']
  assert images['JPEGImages/001.jpg'].labels == ['dog']
  assert images['JPEGImages/001.jpg'].boxes.shape == (1, 4)
  assert images['JPEGImages/001.jpg'].encoded == (messy / 'JPEGImages/001.jpg').read_bytes()


def test_records_are_read_of_images_without_objects_too(messy):
  found = {image.name: image for image in map(records.parse, LabelledImages(str(messy), IngestSettings()).records())}
  assert {name for name, image in found.items() if not image.labels} == {'JPEGImages/neg.jpg'}
  assert len(found) == 12
  assert found['JPEGImages/001.jpg'].labels == ['dog']
  assert found['JPEGImages/001.jpg'].width == 64


def test_a_sample_is_the_same_each_time(messy):
  samples = [LabelledImages(str(messy), IngestSettings(), most=4) for _ in range(2)]
  assert [(sample.count, sample.total) for sample in samples] == [(4, 13)] * 2
  first, second = ([records.parse(record).name for record in sample.records()] for sample in samples)
  assert first == second != sorted(first)
