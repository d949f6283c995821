import detection  # noqa: F401 - chooses the Keras before TFX is imported
