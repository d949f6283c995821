"""What stands in a folder with a model: trained, pushed, or from the model zoo."""

PIPELINE_CONFIG = 'pipeline.config'
LABEL_MAP = 'label_map.pbtxt'
