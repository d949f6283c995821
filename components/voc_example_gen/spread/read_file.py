"""A job that reads a file with the annotations of many images."""

import abc
import dataclasses
from typing import Any, ClassVar

from components.voc_example_gen.refusals import RefusedFileError
from components.voc_example_gen.spread import work_list
from components.voc_example_gen.spread.spread_parts import UnclearError


@dataclasses.dataclass(frozen=True)
class ReadFile(abc.ABC):
  """Reads one file.

  Attributes:
    root: the data folder.
    path: of the file below it.
    output: where files with its rows begin to be called; and, with the ending .found, gets a `result`.
  """

  root: str
  path: str
  output: str

  result: ClassVar[type[Any]]  # has the fields refused: (Reason, detail) or None, and is_clear

  def __call__(self) -> None:
    try:
      found = self.read()
    except UnclearError:
      found = self.result(is_clear=False)
    except RefusedFileError as error:
      found = self.result(refused=(error.reason, error.detail))
    work_list.save_at(f'{self.output}.found', found)

  @abc.abstractmethod
  def read(self) -> Any:
    """The `result` of a file that can be used; its rows are written.

    Raises:
      RefusedFileError: if it cannot be used.
      UnclearError: if it has to be read as a whole.
    """
