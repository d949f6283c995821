"""A clock that the test turns."""


class Clock:
  """Called, returns `now`, in seconds."""

  def __init__(self):
    self.now = 0.0

  def __call__(self):
    return self.now
