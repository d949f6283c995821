"""What the names of folders and files say: a split, photographs, annotations, or pictures made from photographs."""

import functools
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable

from components.voc_example_gen.split_method import EVAL, TEST, TRAIN

_SPLITS = {
  TRAIN: ('trainval', 'training', 'train'),
  EVAL: ('validation', 'evaluation', 'validate', 'valid', 'val', 'eval'),
  TEST: ('testing', 'tests', 'test'),
}
_SPLIT_OF_WORD = {word: split for split, words in _SPLITS.items() for word in words}
# Words that may stand beside a split's in a folder's name: val2017, train_images, images-train, testset, mini_val.
_FILLERS = (
  *('images', 'image', 'imgs', 'img', 'jpegimages', 'jpg', 'png', 'photos', 'pictures'),
  *('labels', 'label', 'annotations', 'annotation', 'instances', 'objects', 'boxes'),
  *('dataset', 'datas', 'data', 'set', 'splits', 'split', 'part', 'folder', 'dir', 'only'),
  *('auto', 'lists', 'list', 'files', 'file', 'paths'),
  *('coco', 'voc', 'yolo', 'obj', 'minus', 'mini', 'tiny', 'small', 'full', 'sub', 'dev', 'std'),
)
_SPLIT_NAME = re.compile(f'(?:{"|".join(_FILLERS)})*({"|".join(_SPLIT_OF_WORD)})(?:{"|".join(_FILLERS)})*')

IMAGE, ANNOTATION, DERIVED = 'image', 'annotation', 'derived'
_ROLES = {
  IMAGE: (
    *('images', 'image', 'imgs', 'img', 'jpegimages', 'pngimages', 'jpgimages', 'jpegs', 'jpgs', 'pngs', 'jpeg', 'jpg'),
    *('png', 'photos', 'photo', 'photographs', 'pictures', 'picture', 'pics', 'rgb', 'colour', 'color'),
  ),
  ANNOTATION: (
    *('annotations', 'annotation', 'annots', 'annot', 'anns', 'ann', 'annos', 'anno', 'labels', 'label', 'xmls', 'xml'),
    *('txts', 'txt', 'jsons', 'json', 'bboxes', 'bbox', 'boxes'),
  ),
  DERIVED: (
    *('masks', 'mask', 'trimaps', 'trimap', 'mattes', 'matte', 'segmentationclass', 'segmentationobject'),
    *(
      'gt',
      'groundtruth',
      'alpha',
      'contours',
      'segmentations',
      'segmentation',
      'segs',
      'seg',
      'semantic',
      'panoptic',
      'stuff',
      'depths',
      'depth',
    ),
    *('disparity', 'disparities', 'disp', 'normals', 'flow', 'edges', 'heatmaps', 'heatmap', 'saliency'),
    *('previews', 'preview', 'visualizations', 'visualization', 'visualisations', 'visualisation', 'visualized'),
    *(
      'visualised',
      'vis',
      'viz',
      'overlays',
      'overlay',
      'drawn',
      'drawings',
      'plots',
      'predictions',
      'prediction',
      'runs',
    ),
    *('preds', 'pred', 'detections', 'results', 'result', 'thumbnails', 'thumbnail', 'thumbs', 'thumb'),
  ),
}
_WORDS = re.compile('[A-Z]+(?![a-z])|[A-Z]?[a-z]+')  # DepthMaps and JPEGImages are two words each
_ROLE_OF_WORD = {word: role for role, words in _ROLES.items() for word in words}
# A file's name that ends so says that the picture was made from another: a_mask.png beside a.jpg.
_DERIVED_ENDING = re.compile(
  r'[-_. ](?:masks?|trimap|matte|seg(?:mentation)?|labels?|labelids|depth|disp(?:arity)?|pred(?:iction)?s?|vis|viz'
  r'|overlay|preview|drawn|thumb(?:nail)?|bbox(?:es)?|boxes|annotated)$'
)


@functools.lru_cache(maxsize=4096)
def split_in_name(name: str) -> str:
  """The split that a folder's name tells, as in val2017 or train_images; '' if it tells none."""
  match = _SPLIT_NAME.fullmatch(re.sub(r'[^a-z]+', '', name.lower()))
  return _SPLIT_OF_WORD[match.group(1)] if match else ''


@functools.lru_cache(maxsize=65536)
def split_of_folder(folder: str) -> str:
  """The split that a folder's path tells, the first from the top; '' if it tells none."""
  return next((split for name in folder.split('/') if (split := split_in_name(name))), '')


def split_of(path: str) -> str:
  """The split that the folders of a file tell; '' if they tell none."""
  return split_of_folder(posixpath.dirname(path))


@functools.lru_cache(maxsize=4096)
def role_of_name(name: str) -> str:
  """What a folder of this name holds: IMAGE, ANNOTATION or DERIVED; '' if the name does not say."""
  words = [word for word in _WORDS.findall(name) if not split_in_name(word)]
  roles = [_ROLE_OF_WORD.get(word.lower(), '') for word in words]
  if DERIVED in roles:
    return DERIVED
  return roles[0] if roles and len(set(roles)) == 1 else ''


@functools.lru_cache(maxsize=65536)
def roles_of_folder(folder: str) -> frozenset[str]:
  """The roles that the names in a folder's path tell."""
  return frozenset(role_of_name(name) for name in folder.split('/')) - {''}


@functools.lru_cache(maxsize=65536)
def without_roles(folder: str) -> tuple[str, ...]:
  """The names in a folder's path that say neither IMAGE nor ANNOTATION, or else their numbers.

  day/labels gives (day,), and label_2 gives (2,), as image_2 does.
  """
  names = folder.split('/') if folder else []
  kept = (re.sub('[^0-9]+', '', name) if role_of_name(name) in (IMAGE, ANNOTATION) else name for name in names)
  return tuple(name for name in kept if name)


def derived_folders(images: Iterable[str]) -> frozenset[str]:
  """Folders of masks, depth maps, previews and the like.

  Their names say so, or they are below a folder of annotations; and at least half of their pictures have the stem of a
  picture in another kind of folder.

  Args:
    images: paths of all images.
  """
  stems: dict[str, list[str]] = defaultdict(list)
  for path in images:
    folder, _, name = path.rpartition('/')
    stems[folder].append(posixpath.splitext(name)[0].lower())
  suspected = {folder for folder in stems if roles_of_folder(folder) & {DERIVED, ANNOTATION}}
  if not suspected:
    return frozenset()
  others = {stem for folder in stems.keys() - suspected for stem in stems[folder]}
  return frozenset(
    folder for folder in suspected if 2 * sum(map(others.__contains__, stems[folder])) >= len(stems[folder])
  )


def original_stem(stem: str) -> str:
  """The stem of the image that a picture was made from, as its own says: 'a' for 'a_mask'; '' if it does not say."""
  match = _DERIVED_ENDING.search(stem.lower())
  return stem[: match.start()] if match else ''
