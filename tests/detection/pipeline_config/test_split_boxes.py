"""The boxes of a split are read from its records."""

from detection.pipeline_config import split_boxes
from tests.support import drawn_examples


def test_boxes_are_read_from_the_examples(tmp_path):
  examples = drawn_examples.write_examples(tmp_path / 'examples', {'train': 300})

  found = split_boxes.read(f'{examples.uri}/Split-train/*')

  assert (found.images, found.most, found.boxes.shape) == (300, 1, (300, 4))
  assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()
  assert set(found.names) == set(drawn_examples.LABELS)
  assert set(found.heights) == set(found.widths) == {96}
  assert split_boxes.read(f'{examples.uri}/Split-train/*', limit=10).images == 10
