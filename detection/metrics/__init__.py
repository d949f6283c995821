"""Detection metrics: from boxes and ground truth to COCO's and Pascal VOC's numbers. Training and evaluator share them.

names is light; the rest is numpy, and pycocotools for overlaps. Nothing here knows of a model or a pipeline.
"""
