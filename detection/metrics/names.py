"""Names of metrics: AP50, or AP50/cat for one class."""

from collections.abc import Collection, Mapping

from detection.base.errors import ConfigError

# The twelve, in COCO's order.
COCO = (
  *('AP', 'AP50', 'AP75', 'AP_small', 'AP_medium', 'AP_large'),
  *('AR1', 'AR10', 'AR100', 'AR_small', 'AR_medium', 'AR_large'),
)
VOC = ('VOC07_AP50', 'VOC10_AP50')
ALL = (*COCO, *VOC, 'precision', 'recall', 'F1')
_SEPARATOR = '/'


def problem(name: str) -> str | None:
  """Why `name` is not the name of a metric, as part of a sentence; None if it is one."""
  if name.partition(_SEPARATOR)[0] in ALL:
    return None
  return f'no metric "{name}". Expected one of {", ".join(ALL)}, or AP50/CLASS for one'


def check_class(name: str, classes: Collection[str], field: str) -> None:
  """Checks that the class in a metric's name exists.

  Args:
    name: of a metric.
    classes: names of the label map's classes.
    field: of the run config, for the message.

  Raises:
    ConfigError: if there is no such class; it names field and class.
  """
  class_name = name.partition(_SEPARATOR)[2]
  if class_name and class_name not in classes:
    raise ConfigError(f'{field}: no class "{class_name}". Expected one of {sorted(classes)}.')


def look_up(name: str, metrics: Mapping[str, float], per_class: Mapping[str, Mapping[str, float]]) -> float:
  """The value of the metric `name`.

  Args:
    name: of a metric, overall or of one class.
    metrics: {metric: value}, overall.
    per_class: {class name: {metric: value}}.
  """
  metric, _, class_name = name.partition(_SEPARATOR)
  return per_class[class_name][metric] if class_name else metrics[metric]
