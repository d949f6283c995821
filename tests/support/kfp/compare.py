"""What of an ExecutorInput must be the same under the emulator and under KFP's own programs."""

import json
import pathlib
import re
from collections.abc import Mapping
from typing import Any

_UUID = re.compile(r'[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}')


def comparable(
  sent: dict[str, Any], root: str, pod: str = '', places: Mapping[pathlib.Path, str] | None = None
) -> dict[str, Any]:
  """The ExecutorInput without what differs from run to run.

  Args:
    sent: as the driver made it.
    root: the URI below which the run keeps its artifacts.
    pod: the folder that stands for the pod's file system, '' for its real one.
    places: {folder of one run: what to call it}.
  """
  mounted = pod + '/' + root.replace('://', '/', 1)
  text = json.dumps(sent).replace(mounted, 'MOUNT').replace(root, 'ROOT').replace(f'{pod}/tmp/', '/tmp/')
  for folder, name in (places or {}).items():
    text = text.replace(str(folder), name)
  found = json.loads(_UUID.sub('SALT', text))
  for held in found['inputs'].get('artifacts', {}).values():
    for artifact in held['artifacts']:
      artifact['name'] = 'ID' if artifact['name'].isdecimal() else artifact['name']
      if 'current_model_id' in artifact['metadata']:
        # A digest of a URI with a salt.
        artifact['metadata']['current_model_id'] = 'ID'
      session = artifact['metadata'].get('store_session_info')
      if session:
        # The endpoint is each cluster's own.
        artifact['metadata']['store_session_info'] = json.loads(session)['Provider']
  found['inputs'].setdefault('artifacts', {})
  found['outputs'].setdefault('parameters', {})
  return found
