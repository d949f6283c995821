"""The `kubeflow:` section of a run config, typed: where each component runs, and with what."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import v1 as pydantic

from detection.base.settings import Settings

# What the open-source driver and launcher can store artifacts in; a path or a PVC is refused by the driver.
ROOT_SCHEMES = ('minio://', 's3://', 'gs://')

_QUANTITY = re.compile(r'^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$')
_FACTORS = {'m': 1e-3, 'k': 1e3, 'M': 1e6, 'G': 1e9, 'T': 1e12, 'Ki': 2**10, 'Mi': 2**20, 'Gi': 2**30, 'Ti': 2**40}
_NODE_PROPERTY = re.compile(r'^[^.\s]+\.[^.\s]+$')

if TYPE_CHECKING:
  Count = int
else:
  Count = pydantic.conint(strict=True, ge=0)


def quantity(text: str) -> float:
  """A Kubernetes quantity ('500m', '4', '16Gi') as a number of cores or bytes.

  Raises:
    ValueError: if `text` is no quantity.
  """
  match = _QUANTITY.match(text)
  if match is None:
    raise ValueError(f'expected a Kubernetes quantity such as 4, 500m or 16Gi, received {text!r}')
  return float(match[1]) * _FACTORS.get(match[2], 1.0)


class Toleration(Settings):
  """Lets a pod onto nodes with a taint, as GPU nodes usually have one."""

  key: str = ''
  operator: Literal['Exists', 'Equal'] = 'Exists'
  value: str = ''
  effect: Literal['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'] = ''


class Volume(Settings):
  """A persistent volume claim that is there already, mounted into the step."""

  claim: str
  mount_path: str
  sub_path: str = ''

  @pydantic.validator('mount_path')
  def _absolute(cls, path: str) -> str:
    if not path.startswith('/'):
      raise ValueError('expected an absolute path in the container')
    return path


class Secret(Settings):
  """A Kubernetes secret: as a folder (`mount_path`), or as variables (`env`: variable name → key in the secret)."""

  name: str
  mount_path: str | None = None
  env: dict[str, str] = {}
  optional: bool = False

  @pydantic.root_validator(skip_on_failure=True)
  def _one_way(cls, values: dict) -> dict:
    if bool(values['mount_path']) == bool(values['env']):
      raise ValueError(f'secret "{values["name"]}": set either mount_path or env')
    return values


class EmptyDir(NamedTuple):
  """A volume that begins empty and goes with the pod."""

  name: str
  mount_path: str
  medium: str
  size: str


def _empty_dirs(resources: Mapping[str, Any]) -> list[EmptyDir]:
  volumes = [
    EmptyDir('scratch', '/tmp', '', resources['scratch']),
    EmptyDir('shm', '/dev/shm', 'Memory', resources['shared_memory']),
  ]
  return [volume for volume in volumes if volume.size]


class Resources(Settings):
  """What one component gets. Unset fields leave Kubernetes' and the cluster's defaults."""

  gpus: Count | None = None
  gpu_type: str = 'nvidia.com/gpu'  # the resource's name in the node's capacity, verbatim
  cpu: str | None = None
  memory: str | None = None
  shared_memory: str | None = None  # size of /dev/shm
  scratch: str | None = None  # size of a writable /tmp, for clusters that make the root file system read-only
  retries: Count = 0
  cache: bool | None = None  # whether KFP's cache may serve it; by default all but ingestion, whose data may change
  image: str | None = None
  node_selector: dict[str, str] = {}
  tolerations: list[Toleration] = []
  volumes: list[Volume] = []
  secrets: list[Secret] = []
  env: dict[str, str] = {}

  @pydantic.validator('cpu', 'memory', 'shared_memory', 'scratch', pre=True)
  def _is_quantity(cls, value: object) -> str | None:
    if value is None:
      return None
    quantity(str(value))
    return str(value)

  @pydantic.validator('env', 'node_selector', pre=True)
  def _strings(cls, value: object) -> object:
    # YAML reads `true` and `1` as a bool and a number; Kubernetes wants strings.
    if isinstance(value, dict):
      return {key: str(v).lower() if isinstance(v, bool) else str(v) for key, v in value.items()}
    return value

  @pydantic.root_validator(skip_on_failure=True)
  def _mounts_once(cls, values: dict) -> dict:
    # The driver names a volume after its claim or secret, and Kubernetes refuses a pod with two volumes of one name.
    names = [v.claim for v in values['volumes']] + [s.name for s in values['secrets'] if s.mount_path]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
      raise ValueError(f'"{twice[0]}" is mounted twice; a claim or secret can be mounted once in a component')
    paths = [mounted.mount_path for mounted in [*values['volumes'], *values['secrets'], *_empty_dirs(values)]]
    shared = sorted({path for path in paths if path and paths.count(path) > 1})
    if shared:
      raise ValueError(f'{shared[0]} is the mount path of two volumes; expected one each')
    return values

  @property
  def empty_dirs(self) -> list[EmptyDir]:
    """The volumes of scratch and shared_memory."""
    return _empty_dirs(self.dict())

  def over(self, base: 'Resources') -> 'Resources':
    """These settings added to `base`: a value set here wins; maps and lists are joined."""
    merged = base.dict()
    for name in self.__fields_set__:
      value = self.dict()[name]
      if isinstance(value, dict):
        merged[name] = {**merged[name], **value}
      elif isinstance(value, list):
        merged[name] = [*merged[name], *value]
      else:
        merged[name] = value
    return Resources(**merged)


class KubeflowConfig(Settings):
  """The whole section. `defaults` holds for every component, `components` adds to it by component id."""

  image: str = 'detection-pipeline:latest'
  image_pull_policy: Literal['Always', 'IfNotPresent', 'Never'] | None = None
  image_pull_secrets: list[str] = []
  pipeline_root: str = 'minio://mlpipeline/v2/artifacts'
  defaults: Resources = Resources()
  components: dict[str, Resources] = {}
  # Parameter of a run → the properties that it sets, such as {num_steps: ConfigPatcher.num_steps}; one or a list.
  runtime_parameters: dict[str, list[str]] = {}

  @pydantic.validator('pipeline_root')
  def _object_store(cls, root: str) -> str:
    if not root.startswith(ROOT_SCHEMES):
      raise ValueError(
        f'open-source KFP stores artifacts in an object store: expected one of {", ".join(ROOT_SCHEMES)}'
      )
    return root.rstrip('/')

  @pydantic.validator('runtime_parameters', pre=True)
  def _one_or_many(cls, value: object) -> object:
    if isinstance(value, dict):
      return {name: [targets] if isinstance(targets, str) else targets for name, targets in value.items()}
    return value

  @pydantic.validator('runtime_parameters')
  def _node_property(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
    for name, targets in value.items():
      if not all(_NODE_PROPERTY.match(target) for target in targets):
        raise ValueError(f'{name}: expected "Component.property", such as ConfigPatcher.num_steps')
    return value

  @pydantic.root_validator(skip_on_failure=True)
  def _components_fit_over_defaults(cls, values: dict) -> dict:
    for name, own in values['components'].items():
      try:
        own.over(values['defaults'])
      except pydantic.ValidationError as error:
        raise ValueError(f'components.{name}, with defaults: {error.errors()[0]["msg"]}') from error
    return values

  def resources_of(self, component: str) -> Resources:
    """What the component with the id `component` gets, defaults included."""
    return self.components.get(component, Resources()).over(self.defaults)
