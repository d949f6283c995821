"""Workers plan a large folder of tables as one process does."""

import pytest

from components.voc_example_gen.spread import spread_csv
from tests.support import spread_plans, voc_maker

IMAGES = 30
HEADER = 'filename,width,height,class,xmin,ymin,xmax,ymax\n'


@pytest.fixture(autouse=True)
def small(monkeypatch):
  spread_plans.make_small(monkeypatch)
  monkeypatch.setattr(spread_csv, '_BLOCK', 64)


def row(name, number=0, size='64,48', label='cat'):
  return f'{name},{size},{label},{number + 1},2,20,20\n'


def table(numbers, name='{:03}.jpg', header=HEADER):
  """A row or two an image, and those of one image not together; every fifth has no object."""
  rows = [row(name.format(n), n) if n % 5 else f'{name.format(n)},64,48,,,,,\n' for n in numbers]
  return header + ''.join([*rows, *(row(name.format(n), n, label='dog') for n in numbers if n % 3 == 1)])


def pictures(numbers, name):
  return {name.format(n): b'' for n in numbers}


PLAIN = table(range(IMAGES))
ONE = {'labels.csv': PLAIN, **pictures(range(IMAGES), 'images/{:03}.jpg')}
CODES = PLAIN.replace('cat', '/m/01yrx').replace('dog', '/m/0bt9lr')
FRACTIONS = ''.join(f'{n:03}.jpg,64,48,cat,0.1,0.{n + 10},1,0.9\n' for n in range(IMAGES))
SIZED = 'image,x,y,width,height,label\n' + ''.join(f'{n:03}.jpg,0.1,2,20,0.9,cat\n' for n in range(IMAGES))
CLEAR = {
  'one table': {},
  'images without a row': {'images/alone.jpg': b'', 'more/alone2.jpg': b''},
  'rows without an image': {'labels.csv': PLAIN + ''.join(row(f'lost{n % 3}{n}.jpg') for n in range(9))},
  'names of any system': {
    'labels.csv': PLAIN + ''.join(map(row, ('Größe.jpg', 'a\\b\\back.jpg', '/x/abs.jpg', 'd%C3%A9cran.jpg', 'o.png'))),
    **dict.fromkeys(('Größe.jpg', 'b/back.jpg', 'abs.jpg', 'décran.jpg', 'o.jpg'), b''),
  },
  'rows of two sizes': {'labels.csv': PLAIN + row('001.jpg', size='9,9') + row('001.jpg') + row('002.jpg', size=',')},
  'two names of one image': {'labels.csv': PLAIN + row('001.JPG', 3) + row('x/002.jpg', 4) + row('003.png')},
  'rows that cannot be read': {'labels.csv': PLAIN + '001.jpg,64,48,cat,1,2,x,4\n001.jpg,64,48,,1,2,3,4\n,,,,,,,\n'},
  'ends of lines of another system': {'labels.csv': PLAIN.replace('\n', '\r\n')},
  'a mark of its encoding, and semicolons': {'labels.csv': '\ufeff' + PLAIN.replace(',', ';')},
  'a mark of its encoding, and no header': {
    'labels.csv': '\ufeff' + ''.join(f'{n:03}.jpg,1,2,20,{n + 3},cat\n' for n in range(IMAGES))
  },
  'a line for Excel': {'labels.csv': 'sep=,\n' + PLAIN},
  'cells of several lines': {'labels.csv': PLAIN + '001.jpg,64,48,"a\nb",1,2,3,4\n'},
  'no header': {'labels.csv': ''.join(f'{n:03}.jpg,1,2,20,{n + 3},cat\n' for n in range(IMAGES))},
  'fractions': {'labels.csv': HEADER + FRACTIONS},
  'fractions beside a pixel': {'labels.csv': HEADER + FRACTIONS + row('001.jpg')},
  'numbers that may be two things': {'more.csv': SIZED.replace('2,20', '0.2,0.3')},
  'a size': {'labels.csv': SIZED},
  'codes and their names': {'labels.csv': CODES, 'classes.csv': '/m/01yrx,Cat\n/m/0bt9lr,Dog\n'},
  'codes and rows that are no names': {'labels.csv': CODES, 'classes.csv': '/m/01yrx,Cat\n/m/0bt9lr\n'},
  'a second table that says the same': {'more.csv': table(range(9))},
  'a second table that says otherwise': {'more.csv': HEADER + row('001.jpg', 9)},
  'other tables': {'a.csv': 'x,y\n1,2\n', 'empty.csv': '', 'quote.csv': 'a,"' + 'b' * 200_000, 'README.txt': 'Cats.'},
}


@pytest.mark.parametrize('more', CLEAR.values(), ids=CLEAR)
def test_workers_make_the_same_plan(tmp_path, more):
  planned = spread_plans.assert_same(voc_maker.write(tmp_path / 'data', {**ONE, **more}), tmp_path / 'work')
  assert len(planned.shards) > 3


SPLIT = {
  **{f'{split}/{name}': b'' for split in ('train', 'valid', 'test') for name in pictures(range(9), '{:03}.jpg')},
  **{f'{split}/labels.csv': table(range(9)) for split in ('train', 'valid', 'test')},
}


@pytest.mark.parametrize('keep_test', [True, False])
def test_images_are_in_the_same_splits(tmp_path, keep_test):
  root, settings = voc_maker.write(tmp_path / 'data', SPLIT), {'method': 'folders', 'keep_test': keep_test}
  planned = spread_plans.assert_same(root, tmp_path / 'work', split=settings)
  assert len({shard.split for shard in planned.shards}) == 2 + keep_test


TANGLED = {
  'another encoding': {'labels.csv': PLAIN.encode('utf-16')},
  'letters of one byte': {'labels.csv': PLAIN.encode() + 'größer.jpg,1,1,cat,1,2,3,4\n'.encode('cp1252')},
  'a letter that breaks off': {'labels.csv': PLAIN.encode() + 'ä'.encode()[:1]},
  'null characters': {'more.csv': PLAIN + '\0'},
  'lines that end as on an old system': {'labels.csv': PLAIN.replace('\n', '\r')},
  'a name with an unknown ending': {'labels.csv': PLAIN + row('v1.5')},
  'a picture of the same name': {'more/003.png': b''},
  'labels of another format': {'images/003.txt': '0 0.5 0.5 0.1 0.1\n'},
}


@pytest.mark.parametrize('more', TANGLED.values(), ids=TANGLED)
def test_what_one_part_does_not_tell_is_left_to_a_single_process(tmp_path, more):
  root = voc_maker.write(tmp_path / 'data', {**ONE, **more})
  assert spread_plans.spread(root, tmp_path / 'work') is None


@pytest.mark.parametrize('content', ['x' * 3000, '/m/01yrx,Cat\n' * 300])
def test_what_would_have_to_be_held_is_left_to_a_single_process(tmp_path, monkeypatch, content):
  monkeypatch.setattr(spread_csv, '_LONGEST', 2000)
  root = voc_maker.write(tmp_path / 'data', {**ONE, 'more.csv': content})
  assert spread_plans.spread(root, tmp_path / 'work') is None
