"""The library: object detection with the OD API. Every floor imports it first, since it chooses the Keras."""

from detection.odapi.compat import keras_2

if keras_2.VERSIONS.installed():
  keras_2.apply()
