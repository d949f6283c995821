"""A folder in, examples and a report out."""

import dataclasses
import hashlib
import json
import os
import re
import shutil

import pytest

from detection.base import beam_options
from detection.base.errors import ConfigError, DataError
from tests.support import voc_maker
from tests.support.shared_data import RACCOON


def test_every_key_of_an_example_is_what_the_od_api_reads(tmp_path, ingest, field):
  image = voc_maker.encode(voc_maker.picture(1))
  flags = '<pose>Left</pose><truncated>1</truncated><difficult>1</difficult>'
  root = voc_maker.write(
    tmp_path / 'data',
    {
      'JPEGImages/a.jpg': image,
      'Annotations/a.xml': voc_maker.voc(
        voc_maker.thing('cat', (16, 12, 32, 36), flags), voc_maker.thing('dog', (0, 0, 64, 48))
      ),
      'JPEGImages/b.jpg': voc_maker.encode(voc_maker.picture(2)),
      'Annotations/b.xml': voc_maker.voc(voc_maker.thing('dog')),
    },
  )
  ingested = ingest(root)
  record = next(
    record
    for split in ('train', 'eval')
    for record in ingested.records(split)
    if field(record, 'image/filename') == [b'JPEGImages/a.jpg']
  )
  assert field(record, 'image/encoded') == [image]
  assert field(record, 'image/format') == [b'jpeg']
  assert (field(record, 'image/width'), field(record, 'image/height')) == ([64], [48])
  assert field(record, 'image/key/sha256') == [hashlib.sha256(image).hexdigest().encode()]
  corners = {side: field(record, f'image/object/bbox/{side}') for side in ('ymin', 'xmin', 'ymax', 'xmax')}
  assert corners == {'ymin': [0.25, 0], 'xmin': [0.25, 0], 'ymax': [0.75, 1], 'xmax': [0.5, 1]}
  assert field(record, 'image/object/class/text') == [b'cat', b'dog']
  assert field(record, 'image/object/difficult') == [1, 0]
  assert field(record, 'image/object/truncated') == [1, 0]
  assert field(record, 'image/object/view') == [b'Left', b'']


def test_the_od_api_decoder_reads_image_and_boxes(tmp_path, ingest):
  from detection.odapi import compat, label_map

  compat.apply()
  import tensorflow as tf
  from object_detection.data_decoders import tf_example_decoder

  labels = tmp_path / 'label_map.pbtxt'
  labels.write_text(label_map.dump({'cat': 1, 'dog': 2}))
  ingested = ingest(voc_maker.devkit(tmp_path / 'data'))
  decoder = tf_example_decoder.TfExampleDecoder(label_map_proto_file=str(labels))
  decoded = decoder.decode(tf.constant(ingested.records('train')[0].SerializeToString()))
  assert decoded['image'].shape == (48, 64, 3)
  assert decoded['groundtruth_boxes'].numpy().tolist() == [
    pytest.approx([10 / 48, 10 / 64, 30 / 48, 30 / 64], abs=1e-6)
  ]
  assert decoded['groundtruth_classes'].numpy()[0] in (1, 2)


def test_equal_folders_give_equal_bytes_wherever_they_lie(tmp_path, ingest):
  root = voc_maker.devkit(tmp_path / 'data')
  first = ingest(root)
  shutil.copytree(root, tmp_path / 'elsewhere')
  second = ingest(tmp_path / 'elsewhere')
  for split in ('train', 'eval'):
    assert [p.read_bytes() for p in first.files(split)] == [p.read_bytes() for p in second.files(split)]
  assert first.report['input_fingerprint'] == second.report['input_fingerprint']
  assert not tells_of_changes(first.report)


def test_artifacts_say_what_they_hold(tmp_path, ingest):
  ingested = ingest(voc_maker.devkit(tmp_path / 'data'), charts=True)
  assert json.loads(ingested.examples.split_names) == ['train', 'eval']
  assert ingested.examples.get_string_custom_property('input_fingerprint') == ingested.report['input_fingerprint']
  assert [path.name for path in ingested.files('train')] == ['data_tfrecord-00000-of-00001']
  assert sum(ingested.report['images'].values()) == 10
  assert sorted(os.listdir(ingested.report_folder)) == ['report.html', 'report.json']
  assert 'Objects of each class, by split' in (ingested.report_folder / 'report.html').read_text()


def test_exec_properties_may_arrive_as_kubeflow_sends_them():
  from components.voc_example_gen import executor

  settings = executor.settings_of({'split': '{"method": "hash", "seed": 3}', 'keep_negatives': 0})
  assert (settings.split.seed, settings.keep_negatives) == (3, False)


@pytest.mark.parametrize(
  ('files', 'message'),
  [
    pytest.param({'a.xml': voc_maker.voc(voc_maker.thing())}, 'no images', id='no images'),
    pytest.param({'a.jpg': voc_maker.encode(voc_maker.picture())}, 'no annotations', id='no XML'),
    pytest.param(
      {
        'a.jpg': voc_maker.encode(voc_maker.picture(1)),
        'a.xml': voc_maker.voc(voc_maker.thing()),
        'b.jpg': voc_maker.encode(voc_maker.picture(2)),
        'b.xml': voc_maker.voc(voc_maker.thing()),
        'lost.xml': voc_maker.voc(voc_maker.thing(), filename='lost.jpg'),
      },
      'lost.xml: annotation_without_image: names "lost.jpg"',
      id='an XML without its image',
    ),
    pytest.param(
      {
        'a.jpg': voc_maker.encode(voc_maker.picture(1)),
        'a.xml': voc_maker.voc(),
        'b.jpg': voc_maker.encode(voc_maker.picture(2)),
        'b.xml': voc_maker.voc(),
      },
      'no objects in any of 2 images',
      id='no objects at all',
    ),
    pytest.param(
      {'a.jpg': voc_maker.encode(voc_maker.picture(1)), 'a.xml': voc_maker.voc(voc_maker.thing())},
      'leaves no image for the split',
      id='a single image',
    ),
  ],
)
def test_a_folder_that_cannot_be_used_is_one_line_and_leaves_nothing(tmp_path, ingest, files, message):
  root = voc_maker.write(tmp_path / 'data', files)
  with pytest.raises(DataError) as caught:
    ingest(root)
  assert message in str(caught.value)
  assert str(root) in str(caught.value)
  assert '\n' not in str(caught.value)
  assert not [path for path in tmp_path.glob('out-*/**/*') if path.is_file()]


def test_images_alone_are_all_taken_for_training_whatever_is_annotated(tmp_path, ingest, field):
  folder = {
    'JPEGImages/a.jpg': voc_maker.encode(voc_maker.picture(1)),
    'b.png': voc_maker.encode(voc_maker.picture(2), 'PNG'),
  }
  root = voc_maker.write(tmp_path / 'data', {**folder, 'Annotations/a.xml': voc_maker.voc(voc_maker.thing('cat'))})
  ingested = ingest(root, data_format='images')
  assert ingested.names('train') == ['JPEGImages/a.jpg', 'b.png']
  assert not any(field(record, 'image/object/class/text') for record in ingested.records('train'))
  assert ingested.report['images'] == {'train': 2}


@pytest.mark.parametrize(
  ('files', 'message'),
  [
    pytest.param({'note.txt': 'x'}, 'no images', id='an empty folder'),
    pytest.param({'a.jpg': b''}, 'image_empty', id='a folder of broken images'),
  ],
)
def test_images_alone_need_at_least_one_image(tmp_path, ingest, files, message):
  with pytest.raises(DataError, match=message):
    ingest(voc_maker.write(tmp_path / 'data', files), data_format='images')


@pytest.mark.parametrize('name', ['nowhere', 'file.txt'])
def test_a_root_that_is_no_folder(tmp_path, ingest, name):
  (tmp_path / 'file.txt').write_text('')
  with pytest.raises(DataError, match=name):
    ingest(tmp_path / name)


def test_ingestion_ends_with_one_sentence(messy, ingest, capsys):
  ingest(messy, max_bad_fraction=0.5)
  assert re.search(
    r'Images: eval \d+, train \d+; 11 objects in 3 classes; 2 files refused, 1 set aside. See .*report.html',
    capsys.readouterr().out,
  )


@pytest.mark.parametrize('method', ['hash', 'stratified'])
def test_what_is_in_the_records_is_kept_beside_them(tmp_path, ingest, method):
  from detection import kept_scans, record_scan

  ingested = ingest(voc_maker.devkit(tmp_path / 'data', 12), split={'method': method, 'eval_fraction': 0.5})
  paths = [str(path) for split in ('train', 'eval') for path in ingested.files(split)]
  kept = kept_scans.read(paths)
  for path in paths:
    read, named = record_scan.scan_file(path), kept[path].images_of_class
    assert dataclasses.replace(kept[path], images_of_class={}) == dataclasses.replace(read, images_of_class={})
    assert {label: images[0] for label, images in named.items()} == {
      label: images[0] for label, images in read.images_of_class.items()
    }
  if method == 'stratified':
    assert [kept[path].objects for path in paths] == [{'cat': 3, 'dog': 3}] * 2


def test_an_image_in_train_that_is_a_copy_of_one_in_eval_is_not_written(tmp_path, ingest):
  root = voc_maker.devkit(tmp_path / 'data', 6)
  (root / 'JPEGImages/005.jpg').write_bytes((root / 'JPEGImages/000.jpg').read_bytes())
  lists = {'val': '000\n001\n', 'train': '002\n003\n004\n005\n'}
  voc_maker.write(root, {f'ImageSets/Main/{name}.txt': text for name, text in lists.items()})
  ingested = ingest(root)
  assert ingested.names('train') == [f'JPEGImages/00{number}.jpg' for number in (2, 3, 4)]
  assert ingested.report['images'] == {'eval': 2, 'train': 3}
  assert [(entry['file'], entry['reason']) for entry in ingested.report['set_aside']] == [
    ('JPEGImages/005.jpg', 'copy_in_other_split')
  ]


def tells_of_changes(report):
  return any('while the folder was read' in warning for warning in report['warnings'])


@pytest.mark.parametrize('most_held', [0, 1000])
def test_a_folder_that_changes_while_it_is_read_is_told(tmp_path, ingest, monkeypatch, most_held):
  from components.voc_example_gen import images
  from components.voc_example_gen.spread import list_stages

  monkeypatch.setattr(list_stages, 'MOST_HELD', most_held)
  root, read = voc_maker.devkit(tmp_path / 'data'), images.read

  def read_and_add(folder, path):
    voc_maker.write(root, {'Annotations/late.xml': voc_maker.voc(voc_maker.thing())})
    return read(folder, path)

  monkeypatch.setattr(images, 'read', read_and_add)
  assert tells_of_changes(ingest(root).report)


def test_images_that_are_gone_when_their_turn_comes_are_refused(tmp_path, ingest, monkeypatch):
  from components.voc_example_gen.spread import list_stages, spread_plan

  root, begin = voc_maker.devkit(tmp_path / 'data', 30), spread_plan.Cutting.__call__

  def begin_and_remove(stage):
    (root / 'JPEGImages/007.jpg').unlink()
    (root / 'Annotations/008.xml').unlink()
    return begin(stage)

  monkeypatch.setattr(list_stages, 'MOST_HELD', 0)
  monkeypatch.setattr(spread_plan.Cutting, '__call__', begin_and_remove)
  report = ingest(root, max_bad_fraction=0.1).report
  assert {entry['file']: entry['reason'] for entry in report['refused']} == {
    'JPEGImages/007.jpg': 'image_unreadable',
    'Annotations/008.xml': 'annotation_unreadable',
  }
  assert sum(report['images'].values()) == 28
  assert tells_of_changes(report)


@pytest.mark.parametrize('is_clear', [True, False])
def test_a_large_folder_that_is_paired_in_one_process_is_told(tmp_path, ingest, monkeypatch, capsys, is_clear):
  from components.voc_example_gen.spread import list_stages

  root = voc_maker.devkit(tmp_path / 'data', 12)
  if not is_clear:
    voc_maker.write(root, {'other/003.jpg': voc_maker.encode(voc_maker.picture(90))})
  monkeypatch.setattr(list_stages, 'MOST_HELD', 0)
  report = ingest(root).report
  assert sum(report['images'].values()) == 12
  assert not tells_of_changes(report)
  assert ('files are paired in one process' in capsys.readouterr().out) == (not is_clear)


@pytest.mark.skipif(not RACCOON.is_dir(), reason='needs the raccoon data set in ../shared/data/raccoon')
def test_real_labelimg_data_goes_in_whole(ingest):
  report = ingest(RACCOON).report
  assert sum(report['images'].values()) == 200
  assert sum(report['classes']['raccoon']['objects'].values()) == 217
  assert report['refused'] == []


@pytest.mark.parametrize('beam_args', [(), ('--direct_num_workers=2',)], ids=['this process', 'two processes'])
def test_one_machine_needs_no_beam_pipeline(tmp_path, ingest, monkeypatch, beam_args):
  from components.voc_example_gen.spread import beam_stages

  monkeypatch.setattr(beam_stages, 'run', pytest.fail)
  ingested = ingest(voc_maker.devkit(tmp_path / 'data', 6), beam_args=('--sdk_container_image=none', *beam_args))
  assert sum(ingested.report['images'].values()) == 6


def test_a_job_server_that_is_not_there_is_told_of(tmp_path, ingest, monkeypatch):
  monkeypatch.setattr(beam_options, '_WAIT', 1)
  with pytest.raises(ConfigError, match=r"--job_endpoint: .* received 'localhost:1', where none answers within 1 s"):
    ingest(voc_maker.devkit(tmp_path / 'data', 6), beam_args=('--runner=PortableRunner', '--job_endpoint=localhost:1'))
