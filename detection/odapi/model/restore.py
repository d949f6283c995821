"""Restores a checkpoint into a model for fine-tuning, and says for every variable what became of it.

tf.train.Checkpoint.restore matches object graphs silently. Here the same walk over the two graphs is done in the
open: a variable is restored when the checkpoint has an object at the same place and of the same shape. The variables
of a SavedModel that `export` wrote are in no graph; they are matched by their order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import trackable_object_graph_pb2

from detection.base import local_copies
from detection.base.errors import ConfigError, DataError
from detection.odapi.model.building import all_variables

_GRAPH_KEY = '_CHECKPOINTABLE_OBJECT_GRAPH'


@dataclasses.dataclass
class RestoreReport:
  """What was restored from a checkpoint.

  restored: names of the model's variables that took a value.
  fresh: {name: why} of the model's variables that keep their initial value.
  unused: keys of the checkpoint that no variable of the model took.
  backbone: how many of the feature extractor's variables were restored, of how many; of a classification network's
    weights, of the backbone's alone.
  adapted: what was changed in the values, since the backbone computes in another way than the network they are of.
  """

  checkpoint: str
  type: str
  restored: list[str]
  fresh: dict[str, str]
  unused: list[str]
  backbone: tuple[int, int]
  adapted: list[str] = dataclasses.field(default_factory=list)

  def summary(self) -> str:
    got, of = self.backbone
    return (
      f'restored {len(self.restored)} variables from {self.checkpoint} (type {self.type}; backbone {got} of {of}); '
      f'{len(self.fresh)} start fresh; {len(self.unused)} of the checkpoint are not used'
    )

  def to_dict(self) -> dict[str, Any]:
    return dataclasses.asdict(self)


class _Source:
  """A checkpoint's object graph."""

  def __init__(self, prefix: str) -> None:
    try:
      self.reader = tf.train.load_checkpoint(local_copies.readable(prefix))
      self.shapes = self.reader.get_variable_to_shape_map()
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
      raise DataError(f'{prefix}: not a checkpoint TensorFlow can read: {str(error).splitlines()[0]}') from error
    if _GRAPH_KEY not in self.shapes:
      raise DataError(f'{prefix}: a TF1 checkpoint. Expected a TF2 one, saved by tf.train.Checkpoint.')
    self.nodes = trackable_object_graph_pb2.TrackableObjectGraph.FromString(self.reader.get_tensor(_GRAPH_KEY)).nodes

  def children(self, node: int) -> dict[str, int]:
    return {child.local_name: child.node_id for child in self.nodes[node].children}

  def find(self, path: str) -> int | None:
    node = 0
    for name in path.split('.') if path else ():
      child = self.children(node).get(name)
      if child is None:
        return None
      node = child
    return node

  def listed(self) -> list[tuple[str, str]]:
    """[(variable's name, key)] of a SavedModel of this project, in the order of all_variables; empty otherwise."""
    weights = self.find('_weights')
    children = {} if weights is None else self.children(weights)
    nodes = [self.nodes[children[place]] for place in sorted((p for p in children if p.isdigit()), key=int)]
    return [(a.full_name, a.checkpoint_key) for node in nodes for a in node.attributes if a.name == 'VARIABLE_VALUE']

  def key(self, node: int) -> str | None:
    keys = [a.checkpoint_key for a in self.nodes[node].attributes if a.name == 'VARIABLE_VALUE']
    return keys[0] if keys else None


def restore(model: Any, prefix: str, kind: str, min_backbone: float = 0.0) -> RestoreReport:
  """Assigns a checkpoint's values to a model's variables.

  Args:
    model: a DetectionModel; all its variables exist.
    prefix: of a TF2 checkpoint, or of the variables of a SavedModel that `export` wrote.
    kind: fine_tune_checkpoint_type: `detection` (feature extractor, FPN; heads fresh, as the OD API defines it),
      `classification` (only the backbone, from a classification checkpoint, a Keras model's, or a detector's), or
      `full` (all that fits; a class head of another number of classes starts fresh).
    min_backbone: fraction of the feature extractor's variables that must be restored.

  Raises:
    DataError: if the checkpoint cannot be read or gives less of the backbone than asked.
  """
  source = _Source(prefix)
  pairs = _roots(model, source, kind)
  listed = source.listed()
  found = [_match_list(source, listed, model, r) if listed else _match(source, r, node) for r, node in pairs]
  values, mismatches = max(found, key=lambda match: len(match[0]))
  for variable, key in values.values():
    variable.assign(source.reader.get_tensor(key))
  report = _report(model, source, prefix, kind, values, mismatches)
  got, of = report.backbone
  if got < min_backbone * of or not report.restored:
    raise DataError(
      f'{prefix}: only {got} of {of} backbone variables could be restored (train.min_restored asks for '
      f'{min_backbone:.0%}). The checkpoint is of another backbone, or of another type than "{kind}".'
    )
  return report


def _roots(model: Any, source: _Source, kind: str) -> list[tuple[Any, int]]:
  """Pairs of an object and a node at which the two graphs may be matched; the caller takes what restores most."""
  if kind == 'full':
    node = source.find('model')
    return [(model, 0 if node is None else node)]
  if kind == 'detection':
    return [(_as_trackable(model.restore_from_objects('detection')), 0)]
  if kind == 'classification':
    backbone = next(iter(model.restore_from_objects('classification').values()))
    places = ('feature_extractor', 'model._feature_extractor.classification_backbone', 'model', '')
    return [(backbone, node) for node in (source.find(place) for place in places) if node is not None]
  raise ConfigError(
    f'pipeline.config: train_config.fine_tune_checkpoint_type: "{kind}". Expected detection, classification or full.'
  )


def _as_trackable(objects: Mapping[str, Any]) -> tf.train.Checkpoint:
  return tf.train.Checkpoint(**{k: _as_trackable(v) if isinstance(v, Mapping) else v for k, v in objects.items()})


def _match(source: _Source, root: Any, root_node: int) -> tuple[dict, dict]:
  """Walks both graphs from the roots. Returns ({id: (variable, key)}, {id: why a value did not fit})."""
  values: dict[int, tuple[tf.Variable, str]] = {}
  mismatches: dict[int, str] = {}
  seen: set[int] = set()
  waiting = [(root, root_node)]
  while waiting:
    item, node = waiting.pop()
    if id(item) in seen:
      continue
    seen.add(id(item))
    key = source.key(node)
    if isinstance(item, tf.Variable) and key is not None:
      if list(source.shapes[key]) == item.shape.as_list():
        values[id(item)] = (item, key)
      else:
        mismatches[id(item)] = _other_shape(item, source.shapes[key])
      continue
    waiting += _common_children(item, source.children(node))
  return values, mismatches


def _match_list(source: _Source, listed: Sequence[tuple[str, str]], model: Any, root: Any) -> tuple[dict, dict]:
  """Like _match, for variables of which only the order is known: Keras numbers layers anew in each model."""
  values: dict[int, tuple[tf.Variable, str]] = {}
  mismatches: dict[int, str] = {}
  own = all_variables(model)
  below_root = {id(variable) for variable in all_variables(root)}
  kinds_agree = [v.name.split(':')[0].split('/')[-1] for v in own] == [name.split('/')[-1] for name, _ in listed]
  for variable, (_, key) in zip(own, listed, strict=True) if kinds_agree else ():
    if id(variable) not in below_root:
      continue
    if list(source.shapes[key]) == variable.shape.as_list():
      values[id(variable)] = (variable, key)
    else:
      mismatches[id(variable)] = _other_shape(variable, source.shapes[key])
  return values, mismatches


def _other_shape(variable: tf.Variable, there: Sequence[int]) -> str:
  return f'shape {variable.shape.as_list()} here, {list(there)} in the checkpoint'


def _common_children(item: Any, there: Mapping[str, int]) -> list[tuple[Any, int]]:
  """The children of both, by name. Keras lists each layer with weights twice, by its place among those with weights and
  among all layers; only the former is the same in two models of one backbone, since padding or preprocessing differ."""
  here = tf.train.TrackableView.children(item)
  names = [name for name in here if name in there]
  if any(name.startswith('layer_with_weights-') for name in names):
    names = [name for name in names if not name.startswith('layer-')]
  return [(here[name], there[name]) for name in names]


def _report(model: Any, source: _Source, prefix: str, kind: str, values: Mapping, mismatches: Mapping) -> RestoreReport:
  backbone = {id(v) for v in all_variables(getattr(model, '_feature_extractor', model))}
  restored, fresh = [], {}
  for variable in all_variables(model):
    if id(variable) in values:
      restored.append(variable.name)
    else:
      fresh[variable.name] = mismatches.get(id(variable), 'not asked for by this type, or absent')
  used = {key for _, key in values.values()}
  unused = sorted(
    k for k in source.shapes if k.endswith('VARIABLE_VALUE') and k not in used and '.OPTIMIZER_SLOT' not in k
  )
  return RestoreReport(prefix, kind, restored, fresh, unused, (len(backbone & set(values)), len(backbone)))
