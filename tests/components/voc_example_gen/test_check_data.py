"""Checking a folder without ingesting it: the report, the verdict, the printed lines."""

from components.voc_example_gen import check_data
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings
from tests.support import voc_maker
from tests.support.voc_maker import encode


def test_the_report_is_that_of_ingestion_and_the_verdict_too(messy):
  report, verdict = check_data.run(str(messy), IngestSettings(), say=lambda line: None)
  planned, _, tally = voc_maker.examine(messy)
  assert report == summary.as_dict(planned, tally)
  assert '2 of 14 files refused' in verdict
  assert check_data.run(str(messy), IngestSettings(max_bad_fraction=0.5), say=lambda line: None)[1] == ''


def test_ten_files_are_named_for_each_reason(tmp_path):
  root = voc_maker.devkit(tmp_path, 4)
  voc_maker.write(root, {f'{number:02}.jpg': encode(voc_maker.picture(number)) for number in range(40, 52)})
  lines = []
  check_data.run(str(root), IngestSettings(), lines.append)
  start = lines.index('set aside: 12 image_not_annotated')
  assert lines[start + 1] == '  40.jpg: no annotation names this image'
  assert lines[start + 11] == '  and 2 more (--json FILE lists all)'


def test_a_folder_of_images_alone_is_judged_by_its_images(tmp_path):
  root = voc_maker.write(tmp_path, {'a.jpg': encode(voc_maker.picture())})
  report, verdict = check_data.run(str(root), IngestSettings(data_format='images'), say=lambda line: None)
  assert (report['images'], verdict) == ({'train': 1}, '')
