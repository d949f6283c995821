"""The pod spec patch that KFP's driver makes of a compiled file, made without the driver: read in release 2.17.0.

Only the fields that this project compiles. `make test-kfp` compares it with what the real driver writes.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from kubeflow.settings import quantity


def patch(
  container: Mapping[str, Any], kubernetes: Mapping[str, Any], command: Sequence[str], args: Sequence[str]
) -> dict[str, Any]:
  """The patch, in JSON's names.

  Args:
    container: the container's spec in the pipeline spec.
    kubernetes: the executor's part of the platforms document, {} if it has none.
    command, args: of the main container.
  """
  volumes, mounts = _volumes(kubernetes)
  main = {
    'name': 'main',
    'image': container['image'],
    'command': list(command),
    'args': list(args),
    'env': [*container.get('env', []), *_variables_of_secrets(kubernetes)],
    'resources': _resources(container.get('resources', {})),
    'volumeMounts': mounts,
    'imagePullPolicy': kubernetes.get('imagePullPolicy'),
  }
  made = {
    'containers': [{key: value for key, value in main.items() if value or key == 'resources'}],
    'volumes': volumes,
    'nodeSelector': kubernetes.get('nodeSelector', {}).get('labels'),
    'tolerations': kubernetes.get('tolerations'),
    'imagePullSecrets': [{'name': each['secretName']} for each in kubernetes.get('imagePullSecret', [])],
  }
  return {key: value for key, value in made.items() if value}


def _resources(resources: Mapping[str, Any]) -> dict[str, Any]:
  limits = {}
  if 'cpuLimit' in resources:
    limits['cpu'] = _number(resources['cpuLimit'])
  if 'memoryLimit' in resources:
    limits['memory'] = f'{_number(resources["memoryLimit"])}G'
  if 'accelerator' in resources:
    limits[resources['accelerator']['type']] = resources['accelerator']['count']
  return {'limits': limits} if limits else {}


def _number(value: float) -> str:
  return str(int(value)) if float(value).is_integer() else repr(float(value))


def _variables_of_secrets(kubernetes: Mapping[str, Any]) -> list[dict[str, Any]]:
  found = []
  for secret in kubernetes.get('secretAsEnv', []):
    optional = {'optional': secret['optional']} if 'optional' in secret else {}
    for key in secret['keyToEnv']:
      reference = {'name': secret['secretName'], 'key': key['secretKey'], **optional}
      found.append({'name': key['envVar'], 'valueFrom': {'secretKeyRef': reference}})
  return found


def _volumes(kubernetes: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
  """(volumes, mounts) of claims, secrets and empty folders, in this order."""
  volumes, mounts = [], []
  for claim in kubernetes.get('pvcMount', []):
    volumes.append({'name': claim['constant'], 'persistentVolumeClaim': {'claimName': claim['constant']}})
    mounts.append(_mount(claim['constant'], claim))
  for secret in kubernetes.get('secretAsVolume', []):
    source = {'secretName': secret['secretName'], 'optional': secret.get('optional', False)}
    volumes.append({'name': secret['secretName'], 'secret': source})
    mounts.append(_mount(secret['secretName'], secret))
  for folder in kubernetes.get('emptyDirMounts', []):
    source = {key: folder[key] for key in ('medium', 'sizeLimit') if key in folder}
    volumes.append({'name': folder['volumeName'], 'emptyDir': source})
    mounts.append(_mount(folder['volumeName'], folder))
  return volumes, mounts


def _mount(name: str, held: Mapping[str, Any]) -> dict[str, str]:
  mount = {'name': name, 'mountPath': held['mountPath']}
  return {**mount, 'subPath': held['subPath']} if 'subPath' in held else mount


def comparable(patch: Mapping[str, Any]) -> dict[str, Any]:
  """A patch with its quantities as numbers, and without the empty fields that Go leaves out."""
  made = copy.deepcopy(dict(patch))
  for container in made['containers']:
    limits = container.get('resources', {}).get('limits', {})
    container['resources'] = {name: quantity(limit) for name, limit in limits.items()}
    container['env'] = [_without_empty(variable) for variable in container.get('env', [])]
  for volume in made.get('volumes', []):
    folder = volume.get('emptyDir', {})
    if 'sizeLimit' in folder:
      folder['sizeLimit'] = quantity(folder['sizeLimit'])
  if 'tolerations' in made:
    made['tolerations'] = [_without_empty(toleration) for toleration in made['tolerations']]
  return made


def _without_empty(held: Mapping[str, Any]) -> dict[str, Any]:
  return {key: value for key, value in held.items() if value not in ('', None)}
