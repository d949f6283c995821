"""The only door to `object_detection`: what it needs to run on today's libraries, and a small typed facade over it.

label_map, families and config/ read and write its messages, and import no TensorFlow. model/ builds, trains and
exports; importing it applies `compat`.
"""
