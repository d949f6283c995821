"""Reads the Pascal VOC files that nearly all tools write without a parser of XML, in two thirds of its time or less.

A file is plain if it has the elements that labelImg, the VOC devkit and the like write, where they write them, and
texts without entities and line breaks. All others are left to xml_text.py and voc_xml.py, which would give the same for
a plain one.
"""

import re

from components.voc_example_gen import voc_xml
from components.voc_example_gen.annotation import Annotation, Object, to_size

_MOST_BYTES = 2**16
_SPACE = r'[ \t\r\n]*'
_TEXT = r'[^<>&\x00-\x1f\ufffe\uffff]*'  # nothing that XML forbids, or reads as anything else
_DECLARATION = r'<\?xml version="1\.0"(?: encoding="(?:utf|UTF)-8")? ?\?>'
_OWN = frozenset({'folder', 'filename', 'path', 'segmented', 'width', 'height', 'depth'})


def _leaf(name: str, tags: str) -> str:
  """A pattern for an element with a text alone. name: of a group."""
  return rf'<(?P<{name}>{tags})>{_TEXT}</(?P={name})>{_SPACE}'


# No tag is among those of two places, but for elements of a source or owner, which are not looked at.
_HEAD = '|'.join(
  (
    _leaf('of_annotation', 'folder|filename|path|segmented'),
    rf'<(?P<about>source|owner)>{_SPACE}(?:{_leaf("of_source", "database|annotation|image|flickrid|name")})*'
    rf'</(?P=about)>{_SPACE}',
    rf'<size>{_SPACE}(?:{_leaf("of_size", "width|height|depth")})*</size>{_SPACE}',
  )
)
_FLAGS = 'name|pose|truncated|difficult|occluded'
_OBJECT = (
  rf'<object>{_SPACE}(?:{_leaf("before", _FLAGS)})*'
  rf'<bndbox>{_SPACE}(?:{_leaf("side", "xmin|ymin|xmax|ymax")})*</bndbox>{_SPACE}'
  rf'(?:{_leaf("behind", _FLAGS)})*</object>{_SPACE}'
)
_PLAIN = re.compile(
  rf'(?:{_DECLARATION}{_SPACE})?<annotation(?: verified="(?:yes|no)")?>{_SPACE}'
  rf'(?P<head>(?:{_HEAD})*)(?P<objects>(?:{_OBJECT})*)</annotation>{_SPACE}'
)
# In a plain file, these find all there is.
_LEAF = re.compile(r'<([a-z]+)>([^<]*)</')
_PARTS_OF_OBJECT = re.compile(r'<object>(.*?)<bndbox>(.*?)</bndbox>(.*?)</object>', re.DOTALL)


def read(content: bytes) -> Annotation | None:
  """The annotation in a plain file; None for any other, and for one in which something is unusual."""
  if len(content) > _MOST_BYTES:
    return None
  try:
    plain = _PLAIN.fullmatch(content.decode('utf-8'))
  except UnicodeDecodeError:
    return None
  if not plain:
    return None
  leaves = [leaf for leaf in _LEAF.findall(plain['head']) if leaf[0] in _OWN]
  objects = [_object(*parts) for parts in _PARTS_OF_OBJECT.findall(plain['objects'])]
  texts = dict(leaves)
  if len(texts) < len(leaves) or None in objects:
    return None
  width, height = to_size(texts.get('width')), to_size(texts.get('height'))
  filename, path = texts.get('filename', '').strip(), texts.get('path', '').strip()
  return Annotation(tuple(filter(None, objects)), width, height, filename, path)


def _object(before: str, box: str, behind: str) -> Object | None:
  """An object whose elements stand before, in, and behind its box; None if one of them is repeated."""
  leaves, sides = _LEAF.findall(before + behind), _LEAF.findall(box)
  texts, corners = dict(leaves), dict(sides)
  if len(texts) < len(leaves) or len(corners) < len(sides):
    return None
  return voc_xml.usual_object(texts, corners)
