"""The `export:` section of a run config."""

from typing import Any

from pydantic import v1 as pydantic

from detection.base.settings import Settings
from detection.inference import onnx_model, tflite_model


class ExportSettings(Settings):
  """What a served model gives out, and in which formats. Changing one of the first two trains again.

  score_threshold: the model leaves out detections with a lower score; the evaluator measures those that are left.
  max_detections: at most so many an image; by default as many as pipeline.config allows.
  tflite, onnx: formats for other runtimes, made beside the SavedModel. `onnx: true` is [float32].
  drift_reference: what `drift` compares new images with, made of the eval split; it is pushed with the model.
  """

  score_threshold: float = pydantic.Field(0.0, ge=0, le=1)
  max_detections: pydantic.PositiveInt | None = None
  tflite: list[tflite_model.Kind] = []
  onnx: list[onnx_model.Kind] = []
  drift_reference: bool = False

  @property
  def converts(self) -> bool:
    """True if anything is made beside the SavedModel."""
    return bool(self.tflite or self.onnx or self.drift_reference)

  @pydantic.validator('onnx', pre=True)
  def _is_a_list(cls, value: Any) -> Any:
    return (['float32'] if value else []) if isinstance(value, bool) else value
