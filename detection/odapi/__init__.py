"""The only door to `object_detection`: what it needs to run on today's libraries, and a small typed facade over it.

label_map, families and config/ read and write its messages, and import no TensorFlow. model/ builds, trains and
exports. `compat` holds the mends; importing this applies the one for the messages, importing model/ all others.
"""

from detection.odapi.compat import generated_protos

if generated_protos.VERSIONS.installed():
  generated_protos.apply()
