"""TF_CONFIG for the nodes of a Kubeflow Trainer job (TrainJob), whose plain runtime sets none.

A TrainJob runs as a JobSet with one indexed job, `node`. Its pods have names that can be told beforehand:
NAME-node-0-INDEX.NAME, where NAME is the TrainJob's. Kubernetes gives each its number in JOB_COMPLETION_INDEX; the
manifest gives the name in TRAINJOB_NAME, from a label of the pod.
"""

import json
from collections.abc import Mapping

from detection.base.errors import ConfigError

NAME, INDEX = 'TRAINJOB_NAME', 'JOB_COMPLETION_INDEX'
# Any free port of the pod; the training operator takes the same.
_PORT = 2222


def of_this_node(nodes: int, environment: Mapping[str, str]) -> str:
  """The TF_CONFIG of a pod, as JSON: node 0 is the chief.

  Args:
    nodes: how many pods the job has.
    environment: the pod's variables.

  Raises:
    ConfigError: if a variable is missing, or the number of this node does not fit.
  """
  missing = [name for name in (NAME, INDEX) if not environment.get(name)]
  if missing:
    raise ConfigError(
      f'--nodes {nodes}: expected {" and ".join(missing)} in the environment, received none. '
      f'Kubernetes sets {INDEX} in an indexed job, kubeflow/manifests/trainjob.yaml sets {NAME}.'
    )
  name, text = environment[NAME], environment[INDEX]
  if not text.isdecimal() or int(text) >= nodes:
    raise ConfigError(f'{INDEX}: expected a number below --nodes {nodes}, received "{text}".')
  index = int(text)
  chief, *workers = [f'{name}-node-0-{number}.{name}:{_PORT}' for number in range(nodes)]
  cluster = {'chief': [chief], 'worker': workers} if workers else {'chief': [chief]}
  task = {'type': 'worker', 'index': index - 1} if index else {'type': 'chief', 'index': 0}
  return json.dumps({'cluster': cluster, 'task': task})
