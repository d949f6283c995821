"""Labelled images without a pipeline."""

from components.voc_example_gen import labelled_images
from components.voc_example_gen.settings import IngestSettings


def test_images_with_usable_boxes_are_read_and_all_others_left_out(messy):
  images = {image.name: image for image in labelled_images.read(str(messy), IngestSettings())}
  assert sorted(images) == [*(f'JPEGImages/{number:03}.jpg' for number in range(10)), 'JPEGImages/clip.jpg']
  assert images['JPEGImages/001.jpg'].labels == ['dog']
  assert images['JPEGImages/001.jpg'].boxes.shape == (1, 4)
  assert images['JPEGImages/001.jpg'].encoded == (messy / 'JPEGImages/001.jpg').read_bytes()
