from detection.odapi.model.fields import DetectionResultFields, InputDataFields


def test_they_are_the_names_that_batches_and_detections_have():
  assert (InputDataFields.image, InputDataFields.source_id) == ('image', 'source_id')
  assert DetectionResultFields.detection_boxes == 'detection_boxes'
