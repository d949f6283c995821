"""Makes a small JSON schema of a Kubernetes CustomResourceDefinition, for the tests of kubeflow/manifests.

    python tools/crd_schema.py CRD.yaml VERSION SOURCE > tests/kubeflow/crd_schemas/KIND.json

What is kept: names, types, required fields, enums, patterns. Descriptions, defaults and rules in CEL are dropped, and
parts that are equal are written once. Unknown fields, which a cluster drops in silence, are refused by the schema.
SOURCE is written into it: where the definition was published.
"""

import json
import pathlib
import sys
from collections import Counter
from typing import Any

import yaml

_KEPT = ('type', 'required', 'enum', 'pattern', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems')
_SHORTEST_SHARED = 60


def schema(definition: dict[str, Any], version: str, source: str) -> dict[str, Any]:
  """The JSON schema of one version of a definition."""
  (found,) = (each for each in definition['spec']['versions'] if each['name'] == version)
  reduced = _reduced(found['schema']['openAPIV3Schema'])
  return {'$comment': source, **_shared(reduced)}


def _reduced(part: dict[str, Any]) -> dict[str, Any]:
  kept: dict[str, Any] = {key: part[key] for key in _KEPT if key in part}
  if 'properties' in part:
    kept['properties'] = {name: _reduced(each) for name, each in part['properties'].items()}
  for key in ('items', 'additionalProperties', 'not'):
    if isinstance(part.get(key), dict):
      kept[key] = _reduced(part[key])
  for key in ('anyOf', 'allOf', 'oneOf'):
    if key in part:
      kept[key] = [_reduced(each) for each in part[key]]
  if 'properties' in kept and not part.get('x-kubernetes-preserve-unknown-fields'):
    kept['additionalProperties'] = False
  return kept


def _shared(whole: dict[str, Any]) -> dict[str, Any]:
  """The same schema, with each part that stands in it several times under $defs."""
  counts: Counter[str] = Counter()
  _count(whole, counts)
  names: dict[str, str] = {}
  definitions: dict[str, Any] = {}

  def written(part: Any, whole_part: bool = False) -> Any:
    if isinstance(part, list):
      return [written(each) for each in part]
    if not isinstance(part, dict):
      return part
    text = json.dumps(part, sort_keys=True)
    if whole_part or counts[text] < 2:
      return {key: written(value) for key, value in part.items()}
    if text not in names:
      names[text] = f'd{len(names)}'
      definitions[names[text]] = written(part, whole_part=True)
    return {'$ref': f'#/$defs/{names[text]}'}

  return {**written(whole, whole_part=True), '$defs': definitions}


def _count(part: Any, counts: Counter[str]) -> None:
  """Counts equal schemas; only those with a type are schemas, others are lists of properties or values."""
  for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
    if isinstance(each, dict) and 'type' in each and isinstance(each['type'], str):
      text = json.dumps(each, sort_keys=True)
      if len(text) > _SHORTEST_SHARED:
        counts[text] += 1
        if counts[text] > 1:
          continue
    _count(each, counts)


if __name__ == '__main__':
  path, version, source = sys.argv[1:]
  json.dump(schema(yaml.safe_load(pathlib.Path(path).read_text()), version, source), sys.stdout, separators=(',', ':'))
  print()
