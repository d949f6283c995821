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
