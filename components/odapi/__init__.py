"""The only door to `object_detection`: compat shims, and a small typed facade over it. Knows nothing of TFX.

Light modules (protos alone): label_map, config_io, config_path. Heavy ones (TensorFlow): all that import `compat`.
"""
