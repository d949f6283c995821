"""Patching without files: a request, a base and a complete config."""

from detection.odapi.config import config_io
from detection.pipeline_config import builtin_bases, patch


def request(**changes):
  fields = {
    'num_classes': 3,
    'label_map_path': '/labels/label_map.pbtxt',
    'train_path': '/examples/Split-train/*',
    'eval_path': '/examples/Split-eval/*',
    'num_steps': 500,
    'batch_size': 4,
  }
  return patch.Request(**{**fields, **changes})


def base(name='ssd_mobilenet_v2_fpnlite_320'):
  return config_io.parse(builtin_bases.text(name))


def complete(name='ssd_mobilenet_v2_fpnlite_320', **overrides):
  """A built-in base, patched; dotted paths as keys of a mapping behind `**`."""
  return patch.patch(base(name), request(overrides=overrides))
