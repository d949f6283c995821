"""Says why images are left over that no annotation describes, truthfully."""

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Sequence

from components.voc_example_gen import folder_roles, spelling
from components.voc_example_gen.dataset_index import DatasetIndex
from components.voc_example_gen.refusals import Reason, Refusal
from components.voc_example_gen.spelling import some


def set_aside(images: Sequence[str], index: DatasetIndex) -> tuple[list[Refusal], tuple[str, ...]]:
  """Sets aside every image that is no item of the index.

  Args:
    images: paths of all images of the folder.
    index: the items of the format that is read.

  Returns:
    A refusal for each such image, in their order; and a sentence for each kind of them that a user should know of.
  """
  annotated = {item.image for item in index.items}
  left = [image for image in images if image not in annotated]
  if not left:
    return [], ()
  originals = dict(_derived(images, left, annotated))
  refusals = [
    Refusal(image, Reason.IMAGE_DERIVED, f'taken for a mask, a depth map or a preview of {originals[image]}')
    if image in originals
    else unannotated(image, index)
    for image in left
  ]
  return refusals, tuple(_warnings(left, originals, index))


def unannotated(image: str, index: DatasetIndex) -> Refusal:
  """Sets an image aside that no annotation describes."""
  return Refusal(image, Reason.IMAGE_NOT_ANNOTATED, _why(image, index))


def _why(image: str, index: DatasetIndex) -> str:
  elsewhere = (index.elsewhere or {}).get(image)
  if elsewhere:
    return f'described in the format {elsewhere}, and only {index.data_format} is read'
  usable = 'usable ' if any(refusal.is_bad for refusal in index.refused) else ''
  of_format = f'{index.data_format} ' if index.elsewhere is None else ''
  return f'no {usable}{of_format}annotation names this image'


def _warnings(left: Sequence[str], originals: dict[str, str], index: DatasetIndex) -> Iterator[str]:
  if originals:
    pairs = some(f'{image} (of {original})' for image, original in sorted(originals.items()))
    yield (
      f'{len(originals)} pictures are taken for masks, depth maps or previews of images of the same name, and are not '
      f'used: {pairs}.'
    )
  by_format: dict[str, list[str]] = defaultdict(list)
  for image in left:
    if data_format := (index.elsewhere or {}).get(image):
      by_format[data_format].append(image)
  for data_format, images in sorted(by_format.items()):
    yield (
      f'The format {data_format} would add {len(images)} images, which are not used, as only {index.data_format} is '
      f'read: {some(images)}.'
    )


def _derived(images: Sequence[str], left: Sequence[str], annotated: set[str]) -> Iterator[tuple[str, str]]:
  """(picture, the image it was made from) of those left over whose names tell it.

  They are in a folder of masks or the like (see folder_roles.derived_folders); or all pictures of their folder are
  called like annotated images, but for the extension; or their own name says it: a_mask.png beside a.jpg.
  """
  named_folders = folder_roles.derived_folders(images)
  by_stem: dict[str, list[str]] = defaultdict(list)
  for image in (*annotated, *(image for image in images if image not in annotated)):
    if posixpath.dirname(image) not in named_folders:
      by_stem[spelling.stem(image)].append(image)
  all_twins = _folders_of_twins(images, annotated, by_stem)
  for image in left:
    folder = posixpath.dirname(image)
    others = [other for other in by_stem.get(spelling.stem(image), ()) if other != image]
    beside = by_stem.get(folder_roles.original_stem(spelling.stem(image)), ())
    if others and (folder in named_folders or folder in all_twins):
      yield image, others[0]
    elif beside := [other for other in beside if posixpath.dirname(other) == folder]:
      yield image, beside[0]


def _folders_of_twins(images: Sequence[str], annotated: set[str], by_stem: dict[str, list[str]]) -> set[str]:
  """Folders without an annotated image whose every picture is called like one elsewhere, but for the extension."""

  def is_twin(image: str) -> bool:
    return image not in annotated and any(
      other in annotated
      and posixpath.splitext(other)[1].lower() != posixpath.splitext(image)[1].lower()
      and posixpath.dirname(other) != posixpath.dirname(image)
      and folder_roles.split_of(other) in (folder_roles.split_of(image), '')
      for other in by_stem.get(spelling.stem(image), ())
    )

  folders: dict[str, bool] = {}
  for image in images:
    folder = posixpath.dirname(image)
    folders[folder] = folders.get(folder, True) and is_twin(image)
  return {folder for folder, twins in folders.items() if twins}
