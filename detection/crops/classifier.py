"""A linear classifier on feature vectors: logistic regression or a support vector machine, cross-validated."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

import numpy as np
from scipy import special
from sklearn import linear_model, metrics, model_selection, pipeline, preprocessing, svm

from detection.base.errors import DataError

KINDS = ('logistic', 'svm')
# Inverse strengths of regularisation that cross-validation chooses from.
_STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
# Taken where there are too few images for cross-validation.
_DEFAULT_STRENGTH = 0.1
_FOLDS = 5
# Random splits that are tried until one has every class in the rows to fit on of every fold.
_SPLIT_ATTEMPTS = 20


@dataclasses.dataclass(frozen=True)
class LinearHead:
  """softmax(features @ weights + bias): a confidence in each class.

  names: C class names. weights: [D, C] float32. bias: [C] float32.
  accuracy: cross-validated, in [0, 1]; None where there are too few images for it.
  """

  names: tuple[str, ...]
  weights: np.ndarray
  bias: np.ndarray
  accuracy: float | None


def fit(features: np.ndarray, labels: np.ndarray, groups: np.ndarray, kind: str = 'logistic') -> LinearHead:
  """Fits a classifier; cross-validation decides how much it is regularised.

  Args:
    features: [N, D].
    labels: N class names.
    groups: N names of images; objects of one image are never in both parts of a fold.
    kind: one of KINDS. The confidences of a support vector machine rank classes but are no probabilities.

  Raises:
    DataError: if there are fewer than two classes.
  """
  require_classes(labels)
  if min(images_per_class(labels, groups).values()) < 2:
    strength, accuracy = _DEFAULT_STRENGTH, None
  else:
    strength, confidences = _best(features, labels, groups, kind)
    accuracy = float(np.mean(np.unique(labels)[confidences.argmax(axis=1)] == labels))
  model = _model(kind, strength).fit(features, labels)
  scale, linear = model[0], model[1]
  # Scaling is folded in: what is exported is one matrix. Of two classes, scikit-learn keeps the second's row alone.
  weights, bias = (linear.coef_ / scale.scale_).T, linear.intercept_ - linear.coef_ @ (scale.mean_ / scale.scale_)
  if weights.shape[1] == 1:
    weights, bias = np.hstack([np.zeros_like(weights), weights]), np.array([0.0, bias[0]])
  names = tuple(str(name) for name in linear.classes_)
  return LinearHead(names, weights.astype(np.float32), bias.astype(np.float32), accuracy)


def cross_validated(
  features: np.ndarray, labels: np.ndarray, groups: np.ndarray, kind: str = 'logistic'
) -> tuple[np.ndarray, np.ndarray]:
  """The confidences of classifiers that were fitted on other images than the object's.

  Arguments and errors as for `fit`. Every class must be in two images at least.

  Returns:
    (confidences [N, C], whose rows add up to 1; C class names).
  """
  require_classes(labels)
  return _best(features, labels, groups, kind)[1], np.unique(labels)


def require_classes(labels: np.ndarray) -> None:
  """Raises DataError unless there are two classes to tell apart."""
  names = sorted(set(labels))
  if len(names) < 2:
    found = f'one: "{names[0]}"' if names else 'none'
    raise DataError(f'a classifier needs two classes or more to tell apart, received {found}. Label another class.')


def images_per_class(labels: np.ndarray, groups: np.ndarray) -> dict[str, int]:
  """{class name: number of images that have it}."""
  images = defaultdict(set)
  for label, group in zip(labels, groups, strict=True):
    images[label].add(group)
  return {label: len(found) for label, found in images.items()}


def _best(features: np.ndarray, labels: np.ndarray, groups: np.ndarray, kind: str) -> tuple[float, np.ndarray]:
  """The strength whose cross-validated confidences have the least log loss, and these confidences [N, C]."""
  splits = _splits(labels, groups)
  found = {}
  for strength in _STRENGTHS:
    decisions = model_selection.cross_val_predict(
      _model(kind, strength), features, labels, groups=groups, cv=splits, method='decision_function'
    )
    confidences = _confidences(decisions)
    found[strength] = metrics.log_loss(labels, confidences), confidences
  best = min(found, key=lambda strength: found[strength][0])
  return best, found[best][1]


def _splits(labels: np.ndarray, groups: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
  """(rows to fit on, rows to judge) of each fold; the rows to fit on have every class."""
  folds = min(_FOLDS, *images_per_class(labels, groups).values())
  names = set(labels)
  # All images of a rare class may come into one fold, where they show other classes too. Then another split is drawn.
  for seed in range(_SPLIT_ATTEMPTS):
    splitter = model_selection.StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    splits = list(splitter.split(labels, labels, groups))
    if all(set(labels[rows]) == names for rows, _ in splits):
      return splits
  raise DataError(f'a classifier of {", ".join(sorted(names))}: too few images a class to cross-validate. Add images.')


def _model(kind: str, strength: float) -> pipeline.Pipeline:
  if kind == 'svm':
    linear = svm.LinearSVC(C=strength, class_weight='balanced', random_state=0)
  else:
    linear = linear_model.LogisticRegression(C=strength, class_weight='balanced', max_iter=2000)
  return pipeline.make_pipeline(preprocessing.StandardScaler(), linear)


def _confidences(decisions: np.ndarray) -> np.ndarray:
  """Softmax of decisions [N, C], or [N] for two classes, of which scikit-learn gives the second's alone."""
  if decisions.ndim == 1:
    decisions = np.stack([np.zeros_like(decisions), decisions], axis=1)
  return special.softmax(decisions, axis=1)
