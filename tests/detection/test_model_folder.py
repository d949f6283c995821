"""What is found in model folders, without a model: the files are empty or plain text."""

import pytest

from detection import model_folder
from detection.base.errors import DataError


def saved_model(folder, graph='graph', weights='weights'):
  (folder / 'variables').mkdir(parents=True)
  (folder / 'saved_model.pb').write_text(graph)
  (folder / 'variables/variables.index').write_text(weights)
  return folder


def test_versions_are_in_the_order_of_their_numbers_and_other_names_do_not_count(tmp_path):
  for name in ('9', '10', 'notes', '.publishing-11', '.withdrawn-12', '1.5', '²'):
    (tmp_path / name).mkdir()
  assert model_folder.versions(str(tmp_path)) == [9, 10]
  assert model_folder.versions(str(tmp_path), prefix='.withdrawn-') == [12]
  assert model_folder.versions(str(tmp_path / 'nowhere')) == []


def test_a_saved_model_is_found_in_its_own_folder_in_a_trained_model_and_in_the_highest_whole_version(tmp_path):
  own = saved_model(tmp_path / 'own')
  assert model_folder.find_saved_model(str(own)) == str(own)

  serving = saved_model(tmp_path / 'trained/Format-Serving')
  assert model_folder.find_saved_model(str(tmp_path / 'trained')) == str(serving)
  assert model_folder.serving(str(tmp_path / 'trained')) == str(serving)

  for version in ('9', '0010'):
    saved_model(tmp_path / 'pushed' / version)
  (tmp_path / 'pushed/11').mkdir()  # on its way
  assert model_folder.find_saved_model(str(tmp_path / 'pushed')) == str(tmp_path / 'pushed/0010')


@pytest.mark.parametrize('folder', ['empty', 'nowhere'])
def test_a_folder_without_a_saved_model_is_refused(tmp_path, folder):
  (tmp_path / 'empty').mkdir()
  with pytest.raises(DataError, match=f'{folder}: no SavedModel. Expected saved_model.pb in it'):
    model_folder.find_saved_model(str(tmp_path / folder))


def test_labels_are_read_from_assets_extra_then_beside_then_above(tmp_path):
  version = saved_model(tmp_path / 'serving/7')
  with pytest.raises(DataError, match='no label_map.pbtxt in it, in assets.extra or in the folder above'):
    model_folder.read_labels(str(version))
  (version / 'assets.extra').mkdir()
  for folder, name in ((version / '..', 'above'), (version, 'beside'), (version / 'assets.extra', 'extra')):
    (folder / 'label_map.pbtxt').write_text(f'item {{ id: 1 name: "{name}" }}')
    assert model_folder.read_labels(f'{version}/') == {name: 1}


def test_a_label_map_that_does_not_parse_is_refused_by_name(tmp_path):
  (tmp_path / 'label_map.pbtxt').write_text('item {')
  with pytest.raises(DataError, match='label_map.pbtxt: not a label map'):
    model_folder.read_labels(str(tmp_path))


def test_the_config_is_read_from_beside_then_above(tmp_path):
  serving = saved_model(tmp_path / 'Format-Serving')
  with pytest.raises(DataError, match=r'no pipeline\.config in it or in the folder above'):
    model_folder.read_pipeline_config(str(serving))
  for folder, text in ((tmp_path, 'above'), (serving, 'beside')):
    (folder / 'pipeline.config').write_text(text)
    assert model_folder.read_pipeline_config(str(serving)) == text


def test_a_fingerprint_changes_with_the_graph_and_with_the_weights_alone(tmp_path):
  prints = [
    model_folder.fingerprint(str(saved_model(tmp_path / name / 'Format-Serving', graph, weights).parent))
    for name, graph, weights in [('a', 'g', 'w'), ('b', 'g', 'w'), ('c', 'G', 'w'), ('d', 'g', 'W')]
  ]
  assert prints[0] == prints[1]
  assert len(set(prints)) == 3
