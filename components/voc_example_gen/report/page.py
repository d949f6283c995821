"""report.html: the state of the data for people, self-contained."""

import pathlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import matplotlib.figure
import numpy as np
from PIL import Image, ImageOps

from components.voc_example_gen import boxes, detect, images, plan
from components.voc_example_gen.annotation import Annotation, BoxRule
from components.voc_example_gen.dataset_index import Item
from components.voc_example_gen.refusals import RefusedFileError
from detection.report import drawing, palette
from detection.report import page as pages

MAX_LISTED = 200
_RULES = {rule.value: rule.value.replace('_', ' ') for rule in BoxRule}
_LONGEST = 480


def render(planned: plan.Plan, report: Mapping[str, Any]) -> str:
  """Renders the page.

  Args:
    planned: finds the files of the images that are drawn.
    report: as summary.as_dict gives it.

  Returns:
    A whole HTML page.
  """
  wanted = {entry['file'] for entry in report['offenders']}
  items = {item.image: item for item in planned.items() if item.image in wanted} if wanted else {}
  classes = list(report['classes'])
  offenders = [(entry, items[entry['file']]) for entry in report['offenders'] if entry['file'] in items]
  pictures = [{**entry, 'uri': uri} for entry, item in offenders if (uri := _picture(planned.root, item, classes))]
  return pages.render(
    pathlib.Path(__file__).with_name('report.html'),
    title='Data: ' + (planned.root.rstrip('/').rpartition('/')[2] or planned.root),
    report=report,
    splits=list(report['images']),
    used=sum(report['images'].values()),
    objects=sum(sum(numbers['objects'].values()) for numbers in report['classes'].values()),
    reasons=Counter(entry['reason'] for entry in report['refused']).most_common(),
    aside=Counter(entry['reason'] for entry in report['set_aside']).most_common(),
    listed=[*report['refused'], *report['set_aside']][:MAX_LISTED],
    unlisted=max(0, len(report['refused']) + len(report['set_aside']) - MAX_LISTED),
    charts=_charts(report),
    pictures=pictures,
    rules=_RULES,
  )


def _charts(report: Mapping[str, Any]) -> list[dict[str, str]]:
  """Figures with captions; none if there is nothing to count."""
  if not report['classes']:
    return []
  sizes = [(f'{100 * entry["from"]:g}', entry['objects']) for entry in report['box_sizes']]
  aspects = [(f'{entry["from"]:g}', entry['objects']) for entry in report['box_aspects']]
  return [
    {
      'uri': _balance(report),
      'caption': 'Objects of each class, by split (at most 40 classes, the most frequent first).',
    },
    {
      'uri': _histogram(sizes, 'from, % of the image side'),
      'caption': 'Box size: square root of area, as a fraction of the image.',
    },
    {'uri': _histogram(aspects, 'from, width / height'), 'caption': 'Box aspect: width by height, in pixels.'},
  ]


def _balance(report: Mapping[str, Any]) -> str:
  """A bar for each class: its objects in each split."""
  counted = sorted(report['classes'].items(), key=lambda pair: (-sum(pair[1]['objects'].values()), pair[0]))[:40][::-1]
  figure = matplotlib.figure.Figure(figsize=(6, max(2.2, 0.3 * len(counted) + 1)))
  axes = figure.add_subplot()
  left = np.zeros(len(counted))
  for index, split in enumerate(report['images']):
    widths = np.array([numbers['objects'].get(split, 0) for _, numbers in counted])
    colour = palette.class_colour(index + 2)
    axes.barh([label[:30].replace('$', r'\$') for label, _ in counted], widths, left=left, label=split, color=colour)
    left += widths
  axes.set_xlabel('objects')
  axes.legend(frameon=False)
  axes.spines[['top', 'right']].set_visible(False)
  return pages.figure_uri(figure)


def _histogram(bins: list[tuple[str, int]], label: str) -> str:
  figure = matplotlib.figure.Figure(figsize=(6, 3))
  axes = figure.add_subplot()
  axes.bar([name for name, _ in bins], [count for _, count in bins], color=palette.class_colour(2))
  axes.set_xlabel(label)
  axes.set_ylabel('objects')
  axes.spines[['top', 'right']].set_visible(False)
  return pages.figure_uri(figure)


def _picture(root: str, item: Item, classes: list[str]) -> str:
  """An image with its annotation's boxes as far as they can be drawn; '' if the image cannot be read."""
  try:
    annotation = detect.annotation_of(root, item)
    content = images.read(root, item.image)
    image = images.thumbnail(content, annotation.declared_size, _LONGEST)
    drawn = _drawn(image.picture, annotation, (image.width, image.height), classes)
  except RefusedFileError:  # the page lists its reason already
    return ''
  return pages.image_uri(drawn, _LONGEST)


def _drawn(image: Image.Image, annotation: Annotation, size: tuple[int, int], classes: list[str]) -> Image.Image:
  """Draws the usable boxes in their class's colour. A grey margin shows where the image ends."""
  usable, _ = boxes.usable(annotation, *size)
  colours = [palette.class_colour(classes.index(box.label) + 1 if box.label in classes else 1) for box in usable]
  corners = np.array([(box.ymin, box.xmin, box.ymax, box.xmax) for box in usable], float).reshape(-1, 4)
  return ImageOps.expand(
    drawing.draw_boxes(image, corners, [box.label for box in usable], colours), 4, palette.MIDDLE_GREY
  )
