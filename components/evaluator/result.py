"""Everything that one run of MapEvaluator found out."""

import dataclasses
from collections.abc import Mapping, Sequence

from components.evaluator.evaluation import Evaluation
from components.evaluator.exports import Exported
from components.evaluator.verdict import Verdict


@dataclasses.dataclass(frozen=True)
class Background:
  """What is known of the model beside its scores.

  sources: {'model' and 'baseline': URI}; the baseline's is empty if there is none.
  facts: {name: text} of the model card.
  history: the trainer's evaluations, one row each.
  trained: what these evaluations are of, such as `the model`.
  train_objects: {class name: objects in the training split}; empty if they were not counted.
  """

  sources: Mapping[str, str] = dataclasses.field(default_factory=dict)
  facts: Mapping[str, str] = dataclasses.field(default_factory=dict)
  history: Sequence[Mapping[str, float]] = ()
  trained: str = 'the model'
  train_objects: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class EvaluationResult:
  """What metrics.json and report.html are made from.

  model: the model's scores; None if it could not be run.
  baseline: the scores of the model in production, on the same images; None if there is none.
  exports: the SavedModel and the files made from it; empty if there are no such files.
  """

  verdict: Verdict
  background: Background = dataclasses.field(default_factory=Background)
  model: Evaluation | None = None
  baseline: Evaluation | None = None
  exports: Sequence[Exported] = ()
