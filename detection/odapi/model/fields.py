"""The OD API's names of tensors: in batches (InputDataFields), and in what a model finds (DetectionResultFields)."""

from object_detection.core.standard_fields import DetectionResultFields, InputDataFields

__all__ = ['DetectionResultFields', 'InputDataFields']
