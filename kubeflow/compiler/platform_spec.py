"""The `platforms:` document of a KFP v2 file: what the pipeline spec cannot say, in kfp-kubernetes' fields.

KFP's SDKs do not look inside it, and the backend drops what it does not know; so it is checked here, against the proto
of kfp-kubernetes, before anything is written.
"""

import functools
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message, message_factory
from kfp.pipeline_spec import pipeline_spec_pb2  # noqa: F401 - registers pipeline_spec.proto, which the descriptor imports

from detection.base.errors import ConfigError
from kubeflow.settings import EmptyDir, KubeflowConfig, Resources, Secret, Toleration, Volume

_DESCRIPTOR = pathlib.Path(__file__).with_name('kubernetes_executor_config.yaml')


def build(config: KubeflowConfig, executors: Mapping[str, str]) -> dict[str, Any]:
  """The document as a dict; empty if no component needs it.

  Args:
    config: the run config's kubeflow section.
    executors: {executor label in the pipeline spec: component id}, container steps only.

  Raises:
    ConfigError: if kfp-kubernetes' proto does not accept what was built.
  """
  built = {label: _executor_config(config, config.resources_of(component)) for label, component in executors.items()}
  built = {label: settings for label, settings in built.items() if settings}
  document = {'platforms': {'kubernetes': {'deploymentSpec': {'executors': built}}}} if built else {}
  check(document, executors)
  return document


def check(document: Mapping[str, Any], labels: Iterable[str]) -> None:
  """Checks a platforms document: its executors exist, and kfp-kubernetes knows every field.

  Raises:
    ConfigError: naming the executor and the field.
  """
  executors = document.get('platforms', {}).get('kubernetes', {}).get('deploymentSpec', {}).get('executors', {})
  known = set(labels)
  for label, settings in executors.items():
    where = f'platforms.kubernetes.deploymentSpec.executors.{label}'
    if label not in known:
      raise ConfigError(f'{where}: no such executor in the pipeline. Expected one of: {", ".join(sorted(known))}.')
    try:
      json_format.ParseDict(settings, _executor_config_class()())
    except json_format.ParseError as error:
      raise ConfigError(f'{where}: kfp-kubernetes does not accept this: {error}') from error


@functools.cache
def _executor_config_class() -> type[message.Message]:
  file = json_format.ParseDict(yaml.safe_load(_DESCRIPTOR.read_text()), descriptor_pb2.FileDescriptorProto())
  pool = descriptor_pool.Default()
  pool.Add(file)
  config = pool.FindMessageTypeByName('kfp_kubernetes.KubernetesExecutorConfig')
  if hasattr(message_factory, 'GetMessageClass'):  # from protobuf 4.22 on
    return message_factory.GetMessageClass(config)
  return message_factory.MessageFactory(pool).GetPrototype(config)


def _executor_config(config: KubeflowConfig, resources: Resources) -> dict[str, Any]:
  built = {
    'imagePullPolicy': config.image_pull_policy,
    'imagePullSecret': [{'secretName': name} for name in config.image_pull_secrets],
    'nodeSelector': {'labels': resources.node_selector} if resources.node_selector else None,
    'tolerations': [_toleration(toleration) for toleration in resources.tolerations],
    'pvcMount': [_pvc_mount(volume) for volume in resources.volumes],
    'secretAsVolume': [_secret_as_volume(secret) for secret in resources.secrets if secret.mount_path],
    'secretAsEnv': [_secret_as_env(secret) for secret in resources.secrets if secret.env],
    # Not the proto's enabledSharedMemory: the driver does not act on it.
    'emptyDirMounts': [_empty_dir(volume) for volume in resources.empty_dirs],
  }
  return {key: value for key, value in built.items() if value}


def _toleration(toleration: Toleration) -> dict[str, str]:
  return {key: value for key, value in toleration.dict().items() if value}


def _pvc_mount(volume: Volume) -> dict[str, Any]:
  # `constant` is deprecated in the proto, and yet the only name that every backend from 2.0 to 2.17 reads.
  mount = {'constant': volume.claim, 'mountPath': volume.mount_path}
  return {**mount, 'subPath': volume.sub_path} if volume.sub_path else mount


def _secret_as_volume(secret: Secret) -> dict[str, Any]:
  return {'secretName': secret.name, 'mountPath': secret.mount_path, 'optional': secret.optional}


def _secret_as_env(secret: Secret) -> dict[str, Any]:
  keys = [{'secretKey': key, 'envVar': variable} for variable, key in sorted(secret.env.items())]
  return {'secretName': secret.name, 'keyToEnv': keys, 'optional': secret.optional}


def _empty_dir(volume: EmptyDir) -> dict[str, str]:
  mount = {'volumeName': volume.name, 'mountPath': volume.mount_path, 'sizeLimit': volume.size}
  return {**mount, 'medium': volume.medium} if volume.medium else mount
