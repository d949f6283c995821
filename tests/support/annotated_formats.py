"""The same three annotated images in each format, as {path: content}."""

import io
import json

from components.voc_example_gen.formats import csv_table
from tests.support.voc_maker import encode, picture, thing, voc, write

# Corners that float32 and four decimals hold exactly.
BOXES = {
  'a.jpg': [('cat', (16, 12, 32, 36)), ('dog', (0, 0, 64, 48))],
  'b.jpg': [('dog', (32, 24, 48, 36))],
  'c.jpg': [],
}

SIZE = (64, 48)


def as_voc(boxes=BOXES):
  return {
    f'{name[:-4]}.xml': voc(*(thing(label, box) for label, box in found), filename=name)
    for name, found in boxes.items()
  }


def as_coco(boxes=BOXES):
  images = [{'id': n, 'file_name': name, 'width': 64, 'height': 48} for n, name in enumerate(boxes)]
  entries = [
    {'id': 0, 'image_id': n, 'category_id': 3 if label == 'cat' else 9, 'bbox': [x, y, right - x, bottom - y]}
    for n, found in enumerate(boxes.values())
    for label, (x, y, right, bottom) in found
  ]
  categories = [{'id': 9, 'name': 'dog'}, {'id': 3, 'name': 'cat', 'supercategory': 'animal'}]
  return {'_annotations.coco.json': json.dumps({'images': images, 'annotations': entries, 'categories': categories})}


def as_yolo(boxes=BOXES):
  def line(label, box):
    xmin, ymin, xmax, ymax = (side / scale for side, scale in zip(box, SIZE * 2, strict=True))
    number = ['cat', 'dog'].index(label)
    return f'{number} {(xmin + xmax) / 2} {(ymin + ymax) / 2} {xmax - xmin} {ymax - ymin}\n'

  labels = {f'{name[:-4]}.txt': ''.join(line(*one) for one in found) for name, found in boxes.items()}
  return {**labels, 'data.yaml': 'names: [cat, dog]\nnc: 2\n'}


def as_csv(boxes=BOXES):
  file = io.StringIO()
  writer = csv_table.Writer(file)
  for name, found in boxes.items():
    writer.add(name, *SIZE, found)
  return {'labels.csv': file.getvalue()}


FORMATS = {'voc': as_voc, 'coco': as_coco, 'yolo': as_yolo, 'csv': as_csv}


def many(root, form, count):
  """A folder of `count` different images, each with the boxes of one of the three."""
  boxes = {f'{number:03}.jpg': list(BOXES.values())[number % len(BOXES)] for number in range(count)}
  files = {name: encode(picture(number)) for number, name in enumerate(boxes)}
  return write(root, {**files, **FORMATS[form](boxes)})
