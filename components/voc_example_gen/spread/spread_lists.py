"""Lists of images that give splits, in parts: workers hand each line on to where the images that it may name are."""

import codecs
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

from components.voc_example_gen import spelling
from components.voc_example_gen.refusals import Reason, RefusedFileError, opened_annotation_file
from components.voc_example_gen.splits import declared, imagesets
from components.voc_example_gen.spread import exchange, spread_listing, work_list

_BLOCK = 2**20  # bytes
_RUN = 100_000  # lines that are held before they are written
_LONGEST = 2**23  # characters without an end of a line
List = declared.List | imagesets.List


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
    list: one below it.
    output: where files with its lines begin to be called; and, with the ending .found, gets the Lines.
  """

  root: str
  list: List
  output: str

  def __call__(self) -> None:
    runs, is_clear = exchange.Runs(self.output, _RUN), True
    parts_of = _parts_of_name if isinstance(self.list, imagesets.List) else _parts_of_path
    try:
      with opened_annotation_file(self.root, self.list.path, imagesets.MAX_BYTES) as file:
        for line in _lines(file):
          for part in parts_of(line):
            runs.add(part, (line,))
      runs.flush()
    except RefusedFileError as error:
      # A list that cannot be read is one without lines, as for declared.read and imagesets.read.
      runs.paths, is_clear = [], error.reason != Reason.ANNOTATION_MALFORMED
    work_list.save_at(f'{self.output}.found', Lines(tuple(runs.paths), is_clear))


def _parts_of_path(line: str) -> set[int]:
  """The part in which the image is that a line of a declared.List names."""
  name = declared.name_in(line)
  return {spread_listing.part_of(spelling.file_name(name))} if name else set()


def _parts_of_name(line: str) -> set[int]:
  """The parts in which images may be that a line of an imagesets.List names, with or without their extension."""
  names = imagesets.names_in(line)
  texts = [text for name in names for text in ((name, f'{name}.jpg') if '.' in name else (name,))]
  return set(map(spread_listing.part_of, texts))


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

  list: List
  output: str


Splits = Mapping[str, str]  # {image: split}


def any_declared(lists: Iterable[Found]) -> bool:
  """Whether some are lists that declare splits."""
  return any(isinstance(one.list, declared.List) for one in lists)


def by_declared(lists: Sequence[Found], parts: Sequence[int], images: Sequence[str]) -> tuple[Splits, Splits]:
  """The splits that lists of rank 0, and those of rank 1, declare for images of some parts.

  Args:
    lists: of all kinds.
    parts: of the images.
    images: all of these parts that are annotated.
  """
  by_rank: tuple[list[Found], list[Found]] = [], []
  for one in lists:
    if isinstance(one.list, declared.List):
      by_rank[one.list.rank].append(one)
  first, second = (declared.listed(_names_of(own, parts), images) if own else {} for own in by_rank)
  return first, second


def _names_of(lists: Iterable[Found], parts: Sequence[int]) -> Iterator[tuple[declared.List, str]]:
  return ((one, declared.name_in(line)) for one, line in _lines_of(lists, parts))


def by_imagesets(lists: Sequence[Found], parts: Sequence[int], images: Sequence[str]) -> Splits:
  """The splits that the lists of devkits give images of some parts; arguments as for `by_declared`."""
  own = [one for one in lists if isinstance(one.list, imagesets.List)]
  return imagesets.listed(_lines_of(own, parts), images) if own else {}


def _lines_of(lists: Iterable[Found], parts: Sequence[int]) -> Iterator[tuple[Any, str]]:
  for one in lists:
    for (line,) in exchange.load(work_list.load(f'{one.output}.found').runs, parts):
      yield one.list, line
