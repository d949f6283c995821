"""Objects of each class in a split, counted on Beam."""

import apache_beam as beam

from components.evaluator import class_counts


def test_objects_of_all_files_are_counted(scenes, tmp_path):
  files = [str(path) for path in sorted((scenes / 'Split-eval').iterdir())]
  with beam.Pipeline() as pipeline:
    class_counts.count(pipeline, files, str(tmp_path))
  assert class_counts.read(str(tmp_path)) == {'red': 11, 'blue': 3}


def test_where_nothing_was_counted_there_are_no_classes(tmp_path):
  assert class_counts.read(str(tmp_path)) == {}


def test_names_that_share_an_id_are_counted_as_one_class():
  counts = {'cat': 3, 'dog': 4, 'car': 1}
  class_ids = {'animal': 1, 'cat': 1, 'dog': 1, 'car': 2}
  assert class_counts.by_label(counts, class_ids, {'animal': 1, 'car': 2}) == {'animal': 7, 'car': 1}
