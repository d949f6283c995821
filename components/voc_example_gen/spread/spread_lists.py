"""Lists of images that declare splits, in parts: workers hand each line on to where the images that it may name are."""

import codecs
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

from components.voc_example_gen import spelling
from components.voc_example_gen.refusals import Reason, RefusedFileError, opened_annotation_file
from components.voc_example_gen.splits import declared, imagesets
from components.voc_example_gen.spread import exchange, spread_listing, work_list

_BLOCK = 2**20  # bytes
_RUN = 100_000  # lines that are held before they are written
_LONGEST = 2**23  # characters without an end of a line
Marks = tuple[str, ...]  # the splits of an image by the lists of rank 0 and 1; '' by none


class Lines(NamedTuple):
  """The lines of a list.

  Attributes:
    runs: exchange files with them, by the names of images.
    is_clear: whether the list could be read line by line; if not, nothing else counts.
  """

  runs: tuple[str, ...] = ()
  is_clear: bool = True


@dataclasses.dataclass(frozen=True)
class ReadList:
  """Reads one list.

  Attributes:
    root: the data folder.
    path: of the list below it.
    output: where files with its lines begin to be called; and, with the ending .found, gets the Lines.
  """

  root: str
  path: str
  output: str

  def __call__(self) -> None:
    runs, is_clear = exchange.Runs(self.output, _RUN), True
    try:
      with opened_annotation_file(self.root, self.path, imagesets.MAX_BYTES) as file:
        for line in _lines(file):
          if name := declared.name_in(line):
            runs.add(spread_listing.part_of(spelling.file_name(name)), (name,))
      runs.flush()
    except RefusedFileError as error:
      # A list that cannot be read is one without lines, as for declared.read.
      runs.paths, is_clear = [], error.reason != Reason.ANNOTATION_MALFORMED
    work_list.save_at(f'{self.output}.found', Lines(tuple(runs.paths), is_clear))


def _lines(file: IO[bytes]) -> Iterator[str]:
  """What decode('utf-8-sig', 'replace').splitlines() gives; raises ANNOTATION_MALFORMED for a text of one long line."""
  decoder = codecs.getincrementaldecoder('utf-8-sig')('replace')
  rest = ''
  while block := file.read(_BLOCK):
    text = rest + decoder.decode(block)
    end = text.rfind('\n') + 1
    rest = text[end:]
    if len(rest) > _LONGEST:
      raise RefusedFileError(Reason.ANNOTATION_MALFORMED, 'no list')
    yield from text[:end].splitlines()
  yield from (rest + decoder.decode(b'', final=True)).splitlines()


class Found(NamedTuple):
  """A list, and where a ReadList has left its lines."""

  declared: declared.List
  output: str


def marks(lists: Sequence[Found], parts: Iterable[int], images: Sequence[str]) -> list[Marks]:
  """The splits that lists declare for all images of some parts that are annotated; in the order of `images`."""
  parts = list(parts)
  by_rank = []
  for rank in (0, 1):
    own = [one for one in lists if one.declared.rank == rank]
    lines = (
      (one.declared, line)
      for one in own
      for (line,) in exchange.load(work_list.load(f'{one.output}.found').runs, parts)
    )
    by_rank.append(declared.listed(lines, images) if own else {})
  return [tuple(found.get(image, '') for found in by_rank) for image in images]
