"""What the report counts, its page, and the check-data command."""

import json
import re
import subprocess
import sys

import pytest

from cli import check_data
from components.voc_example_gen import ingest, parallelism, plan
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.report import page, summary
from tests.support import voc_maker
from tests.support.voc_maker import encode, picture, thing, voc


@pytest.fixture
def messy(tmp_path):
  """Ten good images, and one of each thing a report shows."""
  root = voc_maker.devkit(tmp_path / 'data', 10)
  return voc_maker.write(
    root,
    {
      'JPEGImages/neg.jpg': encode(picture(50)),
      'Annotations/neg.xml': voc(),
      'JPEGImages/clip.jpg': encode(picture(51)),
      'Annotations/clip.xml': voc(thing('bird', (40, 30, 99, 20)), thing('bird', (40, 30, 99, 20)), size=(640, 480)),
      'JPEGImages/half.jpg': encode(picture(52))[:-60],
      'Annotations/half.xml': voc(thing()),
      'JPEGImages/<b>odd</b> & $x$.jpg': encode(picture(53)),
      'Annotations/lost.xml': voc(thing(), filename='nowhere.jpg'),
    },
  )


def test_everything_is_counted_once(messy):
  planned, _, tally = voc_maker.examine(messy)
  found = summary.as_dict(planned, tally)
  assert sum(found['images'].values()) == 12
  assert sum(found['negatives'].values()) == 1
  assert found['boxes'] == {'clipped_to_image': 2, 'merged_exact_duplicate': 1, 'swapped_corners_put_right': 2}
  assert found['notes'] == {'size_disagrees': 1}
  assert {(entry['file'], entry['reason']) for entry in found['refused']} == {
    ('JPEGImages/half.jpg', 'image_corrupt'),
    ('Annotations/lost.xml', 'annotation_without_image'),
  }
  assert [entry['reason'] for entry in found['set_aside']] == ['image_not_annotated']
  assert found['bad_fraction'] == pytest.approx(2 / 14, abs=1e-6)
  assert sum(entry['objects'] for entry in found['box_sizes']) == 11
  assert sum(entry['objects'] for entry in found['box_aspects']) == 11
  assert 'Class "bird" is in one image only.' in found['warnings']
  # Every file of the folder is used, refused or set aside: nothing is lost silently.
  files = {p.relative_to(messy).as_posix() for p in messy.rglob('*') if p.is_file()}
  named = {entry['file'] for entry in found['refused'] + found['set_aside']}
  stems = [*(f'{number:03}' for number in range(10)), 'neg', 'clip', 'half']
  used = {f'JPEGImages/{stem}.jpg' for stem in stems} | {f'Annotations/{stem}.xml' for stem in stems}
  assert files - named == used - named


def test_negatives_leave_by_switch(messy):
  _, outcomes, tally = voc_maker.examine(messy, keep_negatives=False)
  assert outcomes['JPEGImages/neg.jpg'].reason == 'negative_left_out'
  assert sum(tally.negatives.values()) == 0


def test_the_page_shows_counts_charts_and_the_worst_images(messy):
  planned, _, tally = voc_maker.examine(messy)
  html = page.render(planned, summary.as_dict(planned, tally))
  assert 'Annotations/lost.xml' in html
  assert 'box merged exact duplicate' in html
  assert '<b>odd</b>' not in html
  assert '&lt;b&gt;odd&lt;/b&gt; &amp; $x$.jpg' in html
  assert html.count('data:image/svg+xml') == 3
  assert re.search(r'<img src="data:image/jpeg[^>]*alt="JPEGImages/clip.jpg"', html)
  assert 'http://' not in html.replace('http://www.w3.org', '')
  assert page.render(planned, summary.as_dict(planned, tally)) == html


def test_check_data_says_what_ingestion_would(messy, tmp_path, capsys):
  status = check_data.run(str(messy), json_file=str(tmp_path / 'report.json'))
  out, err = capsys.readouterr()
  assert status == 1
  assert '2 of 14 files refused' in err
  assert 'JPEGImages/half.jpg: OSError: image file is truncated' in out
  found = json.loads((tmp_path / 'report.json').read_text())
  planned, _, tally = voc_maker.examine(messy)
  assert found == summary.as_dict(planned, tally)
  assert check_data.run(str(messy), settings={'max_bad_fraction': 0.5}) == 0


def test_check_data_changes_nothing(messy):
  before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in messy.rglob('*') if p.is_file()}
  check_data.run(str(messy))
  assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in messy.rglob('*') if p.is_file()} == before


def test_the_csv_of_a_folder_reads_back_as_the_same_boxes(messy, tmp_path):
  table = tmp_path / 'labels.csv'
  check_data.run(str(messy), csv_file=str(table))
  assert table.read_text().splitlines()[0] == 'filename,width,height,class,xmin,ymin,xmax,ymax'
  assert 'JPEGImages/000.jpg,64,48,cat,10,10,30,30' in table.read_text()
  (messy / 'labels.csv').write_text(table.read_text())
  _, as_voc, _ = voc_maker.examine(messy, data_format='voc')
  _, as_csv, tally = voc_maker.examine(messy, data_format='csv')
  used = {image: outcome.objects for image, outcome in as_voc.items() if not outcome.reason}
  assert {image: outcome.objects for image, outcome in as_csv.items()} == used
  assert len(used) == 12
  assert not tally.bad


def test_a_report_that_cannot_be_written_is_one_line(messy, tmp_path):
  from detection.base.errors import ConfigError

  with pytest.raises(ConfigError, match='cannot be written'):
    check_data.run(str(messy), json_file=str(tmp_path / 'nowhere/report.json'))


def test_names_cannot_write_to_the_terminal(tmp_path, capsys):
  root = voc_maker.devkit(tmp_path, 4)
  voc_maker.write(root, {'\x1b[2J\nall is well.xml': voc(thing())})
  assert check_data.run(str(root)) == 1
  for shown in capsys.readouterr():
    assert '\x1b' not in shown
    assert r'\x1b[2J\nall is well.xml' in shown


def test_check_data_starts_without_tensorflow_or_beam(messy):
  code = (
    'import sys; from cli import main as cli; cli.main(["check-data", sys.argv[1]]);'
    'sys.exit(sum(name in sys.modules for name in ("tensorflow", "apache_beam", "tfx")))'
  )
  assert subprocess.run([sys.executable, '-c', code, str(messy)], capture_output=True).returncode == 0


LOCAL = f'--runner={parallelism.LOCAL_RUNNER}'
TWO = ['--direct_running_mode=multi_processing', '--direct_num_workers=2']
MODES = {
  'a hundred images': ([], 100, 2, [LOCAL], 2),
  'a hundred thousand on two cores': ([], 100_000, 2, [LOCAL], 2),
  'no more processes than the data needs': ([], 50_000, 64, [LOCAL, *TWO], 1),
  'no more processes than cores': ([], 10**6, 4, [LOCAL, TWO[0], '--direct_num_workers=4'], 1),
  'one core': ([], 10_000, 1, [LOCAL], 1),
  'the user chose': (['--direct_num_workers=1'], 10_000, 2, ['--direct_num_workers=1', LOCAL], 1),
  'another runner': (['--runner=FlinkRunner'], 10_000, 2, ['--runner=FlinkRunner'], 1),
  'another runner, spelt apart': (['--runner', 'FlinkRunner'], 10_000, 2, ['--runner', 'FlinkRunner'], 1),
  'the direct runner by name': (['--runner=DirectRunner', '--x=1'], 100, 2, ['--x=1', LOCAL], 2),
}


@pytest.mark.parametrize(('given', 'images', 'cores', 'args', 'threads'), MODES.values(), ids=MODES)
def test_processes_by_data_size(given, images, cores, args, threads):
  assert parallelism.choose(given, images, cores) == (args, threads)


def shard_of(*sizes):
  return plan.Shard('train', 0, 1, tuple(plan.Task(Item(f'{n}.jpg'), '', size) for n, size in enumerate(sizes)))


def test_small_images_are_handed_over_together_and_large_ones_alone():
  half, large = plan.BATCH_BYTES // 2, 5 * plan.BATCH_BYTES
  batches = shard_of(1, half, half, large, 1, 2, large, large).batches()
  assert [[task.size for task in batch] for batch in batches] == [[1, half], [half], [large], [1, 2], [large], [large]]


@pytest.mark.parametrize('threads', [1, 2, 5])
@pytest.mark.parametrize('size', [0, 1, plan.BATCH_BYTES // 3, plan.BATCH_BYTES])
def test_results_come_in_the_order_of_the_shard(threads, size):
  shard = shard_of(*[size] * 100)
  assert list(ingest.in_order(lambda task: task.item.image, shard, threads)) == [f'{n}.jpg' for n in range(100)]


def test_ingestion_ends_with_one_sentence(messy, ingest, capsys):
  ingest(messy, max_bad_fraction=0.5)
  assert re.search(
    r'Images: eval \d+, train \d+; 11 objects in 3 classes; 2 files refused, 1 set aside. See .*report.html',
    capsys.readouterr().out,
  )
