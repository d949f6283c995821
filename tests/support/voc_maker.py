"""Small data folders for tests, and what ingestion makes of them."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

from components.voc_example_gen import ingest, outcomes, plan
from components.voc_example_gen.report import summary
from components.voc_example_gen.settings import IngestSettings

SIZE = (64, 48)


def picture(mark=0, size=SIZE, mode='RGB'):
  """An image that differs for each `mark`: a rectangle and a line on grey, in places and colours that depend on it."""
  image = Image.new('RGB', size, (128, 128, 128))
  draw = ImageDraw.Draw(image)
  draw.rectangle((10, 10, 30, 30), fill=(200, (mark * 37) % 256, (mark * 91) % 256))
  draw.line((mark % size[0], 0, (mark * 7) % size[0], size[1]), fill=(0, (mark * 53) % 256, 250), width=3)
  return image.convert(mode)


def encode(image, kind='JPEG', **options):
  buffer = io.BytesIO()
  image.save(buffer, kind, **options)
  return buffer.getvalue()


def thing(name='cat', box=(10, 10, 30, 30), extra=''):
  corners = ''.join(
    f'<{side}>{value}</{side}>' for side, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), box, strict=True)
  )
  return f'<object><name>{name}</name>{extra}<bndbox>{corners}</bndbox></object>'


def voc(*objects, size=SIZE, filename='a.jpg', path='', head=''):
  """One annotation; without objects, a negative."""
  sizes = f'<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>' if size else ''
  where = f'<path>{path}</path>' if path else ''
  return f'{head}<annotation><filename>{filename}</filename>{where}{sizes}{"".join(objects)}</annotation>'


def write(root, files):
  """Writes {relative path: bytes or text} below `root`, and returns it."""
  for path, content in files.items():
    target = Path(root) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
  return Path(root)


def devkit(root, count=10, labels=('cat', 'dog')):
  """A VOC folder of `count` different images, the classes in turns."""
  files = {}
  for number in range(count):
    files[f'JPEGImages/{number:03}.jpg'] = encode(picture(number))
    files[f'Annotations/{number:03}.xml'] = voc(thing(labels[number % len(labels)]), filename=f'{number:03}.jpg')
  return write(root, files)


def good(form='voc'):
  """Two usable images that every test folder needs, so that it can be divided."""
  files = {f'good-{n}.jpg': encode(picture(200 + n)) for n in (1, 2)}
  if form == 'voc':
    files |= {f'good-{n}.xml': voc(thing('good'), filename=f'good-{n}.jpg') for n in (1, 2)}
  return files


def messy(root):
  """Ten good images, and one of each thing that a report shows."""
  return write(
    devkit(root, 10),
    {
      'JPEGImages/neg.jpg': encode(picture(50)),
      'Annotations/neg.xml': voc(),
      'JPEGImages/clip.jpg': encode(picture(51)),
      'Annotations/clip.xml': voc(thing('bird', (40, 30, 99, 20)), thing('bird', (40, 30, 99, 20)), size=(65, 48)),
      'JPEGImages/half.jpg': encode(picture(52))[:-60],
      'Annotations/half.xml': voc(thing()),
      'JPEGImages/<b>odd</b> & $x$.jpg': encode(picture(53)),
      'Annotations/lost.xml': voc(thing(), filename='nowhere.jpg'),
    },
  )


def examine(root, **settings):
  """Runs all of ingestion but Beam and writing: the plan, {image: outcome}, and the tally."""
  planned = plan.make(str(root), IngestSettings(**settings))
  keep = settings.get('keep_negatives', True)
  found = []
  for shard in planned.shards:
    for _, outcome in ingest.process(planned.root, shard.tasks, keep):
      outcome.split = shard.split or planned.placing.split_of(outcome.image, outcome.digest)
      found.append(outcome)
  planned, settled = plan.settled(planned, lambda: outcomes.rows(found))
  by_image = {outcome.image: outcome for outcome in outcomes.settled(found, settled)}
  return planned, by_image, summary.gather(planned, by_image.values())


def reasons(tally):
  """{file: reason} of everything that is not used."""
  return {refusal.path: refusal.reason.value for refusal in tally.refused}
