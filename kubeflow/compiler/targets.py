"""Compiles a run config for a target, and decides where a pipeline on Kubeflow reads data and keeps its artifacts."""

from collections.abc import Mapping

from detection import tracking
from detection.base.errors import ConfigError
from detection.base.settings import parse_settings
from detection.odapi import networks
from kubeflow.compiler import kfp_v1, kfp_v2
from kubeflow.settings import ROOT_SCHEMES, KubeflowConfig
from pipeline.config import RunConfig
from pipeline.pipeline import RunContext, create_pipeline

_COMPILERS = {'kfp': kfp_v2.compile_pipeline, 'kfp-v1': kfp_v1.compile_pipeline}


def compile_config(config: RunConfig, target: str, output: str) -> None:
  """Compiles the detection pipeline of `config` for `target` ('kfp' or 'kfp-v1') to the YAML file `output`.

  Raises:
    ConfigError: if anything in `config` could not run on the cluster; nothing is written then.
  """
  settings = parse_settings(KubeflowConfig, config.kubeflow, 'kubeflow')
  context = run_context(config, settings, target)
  parameters = {**default_parameters(config), **settings.runtime_parameters}
  defaults = settings.defaults.copy(
    update={'env': {**tracking.variables(config.track, config.name), **settings.defaults.env}}
  )
  settings = settings.copy(update={'runtime_parameters': parameters, 'defaults': defaults})
  _COMPILERS[target](create_pipeline(config, context), settings, output)


def run_context(config: RunConfig, settings: KubeflowConfig, target: str = 'kfp') -> RunContext:
  """Where the pipeline runs: everything that a local run keeps in output_root is below kubeflow.pipeline_root.

  Raises:
    ConfigError: if the data, the push destination or a model is a path that has no meaning in a container.
  """
  home = f'{settings.pipeline_root}/{config.name}'
  if target == 'kfp-v1':
    # There TFX itself opens URIs of the object store, and TensorFlow has no minio scheme.
    home = home.replace('minio://', 's3://', 1)
  destination = config.push.destination or f'{home}/serving'
  target_root = config.adapt.target if config.adapt else ''
  paths = {'data.root': config.data.root, 'push.destination': destination}
  if config.adapt:
    paths['adapt.target'] = target_root
  if config.model.checkpoint not in (None, networks.IMAGENET):
    paths['model.checkpoint'] = config.model.checkpoint
  if config.two_stage:
    # A backbone is a path, or any network of Keras with its weights: NETWORK=PATH.
    given = {'detector': config.two_stage.detector, 'backbone': (config.two_stage.backbone or '').rpartition('=')[2]}
    paths |= {f'two_stage.{field}': value for field, value in given.items() if value}
  for field, value in paths.items():
    _check_path(field, value)
  return RunContext(pipeline_root=home, data_root=config.data.root, destination=destination, target_root=target_root)


def default_parameters(config: RunConfig) -> Mapping[str, list[str]]:
  """Run-time parameters that every compiled file has; `kubeflow.runtime_parameters` adds to them."""
  destinations = ['DetectionPusher.destination']
  if config.evaluate.baseline != 'none':
    # The last pushed model is the baseline.
    destinations.append('MapEvaluator.baseline_destination')
  training = {
    'num_steps': ['ConfigPatcher.num_steps'],
    'batch_size': ['ConfigPatcher.batch_size', *(['DetectionTuner.batch_size'] if config.search else [])],
    'work_root': ['ODAPITrainer.work_root', *(['DetectionTuner.work_root'] if config.search else [])],
  }
  return {
    'data_root': ['VocExampleGen.data_root'],
    **({'target_root': ['TargetExampleGen.data_root']} if config.adapt else {}),
    **(training if config.trains_detector else {}),
    'push_destination': destinations,
  }


def _check_path(field: str, value: str) -> None:
  if not value.startswith(('/', 'hdfs://', *ROOT_SCHEMES)):
    raise ConfigError(
      f'{field}: "{value}" means nothing in a container. Expected a URI ({", ".join(ROOT_SCHEMES)}), '
      "or an absolute path below a volume's mount_path."
    )
