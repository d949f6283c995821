"""Runs ExampleTiler: each Beam worker reads record files and writes one of tiles for each."""

import json
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact, artifact_utils

from detection import kept_scans, record_scan, records
from detection.base import files
from detection.base.errors import DataError
from detection.base.settings import parse_settings
from detection.tiles import cut
from detection.tiles.settings import TileSettings

_FINGERPRINT = 'input_fingerprint'
_SCANS = 'scans'  # a folder that is there only meanwhile
_TRAIN = 'train'


class Executor(base_beam_executor.BaseBeamExecutor):
  """Writes `tiled` from every split of `examples`."""

  def Do(
    self,
    input_dict: dict[str, list[artifact.Artifact]],
    output_dict: dict[str, list[artifact.Artifact]],
    exec_properties: dict[str, Any],
  ) -> None:
    """Cuts all images. Boxes, classes and flags of difficult objects come along; views do not.

    Raises:
      DataError: if the train split has no tile.
    """
    examples = artifact_utils.get_single_instance(input_dict['examples'])
    tiled = artifact_utils.get_single_instance(output_dict['tiled'])
    settings = parse_settings(TileSettings, json.loads(exec_properties['tiles']), 'data.tiles')
    paths = files.glob(files.join(examples.uri, 'Split-*', '*'))
    scans_uri = files.join(tiled.uri, _SCANS)
    files.makedirs(scans_uri)
    with self._make_beam_pipeline() as pipeline:
      _ = (
        pipeline
        | 'Files' >> beam.Create(paths)
        | 'Spread' >> beam.Reshuffle()  # without it, one worker would get them all
        | 'Cut' >> beam.ParDo(CutFile(examples.uri, tiled.uri, scans_uri, settings))
      )
    kept: dict[str, kept_scans.KeptScan] = {}
    for path in files.glob(files.join(scans_uri, '*')):
      kept |= kept_scans.parse(files.read_text(path))
    files.rmtree(scans_uri)
    kept_scans.write(tiled.uri, kept)
    tiled.split_names = examples.split_names
    tiled.set_string_custom_property(_FINGERPRINT, examples.get_string_custom_property(_FINGERPRINT))
    count = sum(one.scan.records for path, one in kept.items() if path.startswith(f'Split-{_TRAIN}/'))
    if not count:
      raise DataError(
        'data.tiles: no tile of the train split is used. Expected one with an object, or `empty` above 0.'
      )
    print(f'{count} tiles to train on', flush=True)


class CutFile(beam.DoFn):
  """Writes the tiles of one record file to a file of the same name, and what is known of it to `scans`.

  Args:
    source, target: folders of the splits.
    scans: a folder.
    settings: how images are cut.
  """

  def __init__(self, source: str, target: str, scans: str, settings: TileSettings) -> None:
    super().__init__()
    self._source, self._target, self._scans, self._settings = source, target, scans, settings

  def process(self, path: str) -> Iterator[str]:
    name = path.removeprefix(self._source).lstrip('/')
    with files.whole_file(files.join(self._target, name)) as file:
      writer = record_scan.Writer(file)
      for record in records.read([path]):
        for tile in cut.tiles(record, self._settings):
          labels = [box.label for box in tile.boxes]
          writer.write(records.serialize(tile), tile.name, tile.width * tile.height, labels)
    kept = {name: kept_scans.KeptScan(writer.size, writer.scan)}
    files.write_text(files.join(self._scans, f'{name.replace("/", "-")}.json'), kept_scans.dump(kept))
    yield name
