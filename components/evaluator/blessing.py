"""Writes the blessing as TFX's Evaluator does, so that its resolver and other tools read it; the file also says why."""

from tfx.components.evaluator import constants
from tfx.types import artifact

from components.evaluator.verdict import Verdict
from detection.base import files


def write(
  blessing: artifact.Artifact, verdict: Verdict, model: artifact.Artifact, baseline: artifact.Artifact | None = None
) -> None:
  """Writes a file BLESSED or NOT_BLESSED and sets the properties of `blessing`.

  Args:
    blessing: a ModelBlessing.
    verdict: its reason goes into the file and the property `blessing_message`.
    model: the model that was judged.
    baseline: the model that it was compared with, if it is an artifact.
  """
  blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
  blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
  if baseline is not None:
    blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id)
  blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_BLESSING_MESSAGE_KEY, verdict.reason)
  name = constants.BLESSED_FILE_NAME if verdict.blessed else constants.NOT_BLESSED_FILE_NAME
  files.write_text(files.join(blessing.uri, name), verdict.reason + '\n')
  value = constants.BLESSED_VALUE if verdict.blessed else constants.NOT_BLESSED_VALUE
  blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)
