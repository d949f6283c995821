"""Labelled images without a pipeline."""

from components.voc_example_gen import labelled_images
from components.voc_example_gen.settings import IngestSettings
from detection import records


def test_images_with_usable_boxes_are_read_and_all_others_left_out(messy):
  images = {image.name: image for image in labelled_images.read(str(messy), IngestSettings())}
  assert sorted(images) == [*(f'JPEGImages/{number:03}.jpg' for number in range(10)), 'JPEGImages/clip.jpg']
  assert images['JPEGImages/001.jpg'].labels == ['dog']
  assert images['JPEGImages/001.jpg'].boxes.shape == (1, 4)
  assert images['JPEGImages/001.jpg'].encoded == (messy / 'JPEGImages/001.jpg').read_bytes()


def test_records_are_read_of_images_without_objects_too(messy):
  found = {
    image.name: image for image in map(records.parse, labelled_images.read_records(str(messy), IngestSettings()))
  }
  assert {name for name, image in found.items() if not image.labels} == {'JPEGImages/neg.jpg'}
  assert len(found) == 12
  assert found['JPEGImages/001.jpg'].labels == ['dog']
  assert found['JPEGImages/001.jpg'].width == 64
