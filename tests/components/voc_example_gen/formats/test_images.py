"""Images alone as a data set."""

from components.voc_example_gen import detect, listing
from components.voc_example_gen.annotation import Annotation
from components.voc_example_gen.formats import images
from tests.support import voc_maker


def test_every_image_is_found_without_objects_whatever_is_annotated(tmp_path):
  tree = listing.list_folder(str(voc_maker.write(tmp_path, voc_maker.good())))
  found = images.find(tree)
  assert [item.image for item in found.items] == ['good-1.jpg', 'good-2.jpg']
  assert {detect.annotation_of(tree.root, item) for item in found.items} == {Annotation()}


def test_auto_never_takes_it(tmp_path):
  (tmp_path / 'a.xml').write_text(voc_maker.voc(voc_maker.thing()))
  voc_maker.write(tmp_path, {f'{name}.jpg': voc_maker.encode(voc_maker.picture()) for name in 'abc'})
  assert detect.find(listing.list_folder(str(tmp_path)), 'auto').data_format == 'voc'
