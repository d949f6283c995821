"""What happens around training steps, one file a hook; `hook.py` says when hooks are called and in which order.

To add a hook: write a class that derives from `Hook` in a file of its own here, and create it in
`detection/training/wiring.py`; or pass it to `training.train` as one of `extra_hooks`.
"""
