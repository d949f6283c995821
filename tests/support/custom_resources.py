"""CustomResourceDefinitions for an API server, made from the JSON schemas in tests/kubeflow/crd_schemas."""

from typing import Any

_INT_OR_STRING = [{'type': 'integer'}, {'type': 'string'}]
# Conditions on values are left to the tests of the JSON schemas.
_KEPT = ('type', 'required', 'enum', 'pattern', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems')


def definition(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
  """The definition of a document's kind."""
  group, version = document['apiVersion'].split('/')
  kind = document['kind']
  root = structural(schema, schema['$defs'])
  root['properties'].update(metadata={'type': 'object'})
  served = {'name': version, 'served': True, 'storage': True, 'schema': {'openAPIV3Schema': root}}
  return {
    'apiVersion': 'apiextensions.k8s.io/v1',
    'kind': 'CustomResourceDefinition',
    'metadata': {'name': f'{kind.lower()}s.{group}'},
    'spec': {
      'group': group,
      'scope': 'Namespaced',
      'names': {'kind': kind, 'plural': f'{kind.lower()}s', 'singular': kind.lower()},
      'versions': [served],
    },
  }


def structural(part: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
  """A schema as the API server wants it: without references, and with what is unknown either refused or kept."""
  while '$ref' in part:
    part = shared[part['$ref'].rpartition('/')[2]]
  if part.get('anyOf') == _INT_OR_STRING:
    return {'x-kubernetes-int-or-string': True, **({'pattern': part['pattern']} if 'pattern' in part else {})}
  made = {key: part[key] for key in _KEPT if key in part}
  if 'properties' in part:
    made['properties'] = {name: structural(each, shared) for name, each in part['properties'].items()}
  for key in ('items', 'additionalProperties'):
    if isinstance(part.get(key), dict):
      made[key] = structural(part[key], shared)
  closed = part.get('additionalProperties') is not None or 'items' in part
  if part.get('type', 'object') == 'object' and not closed:
    made['x-kubernetes-preserve-unknown-fields'] = True
  return made
