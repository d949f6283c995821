"""What is kept of a finished training: what its work folder holds, run.json and learning_curve.png."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import platform
import subprocess
import time
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from detection.base import files
from detection.odapi.config import config_io
from detection.report import learning_curve
from detection.training.settings import TrainSettings
from detection.training.training import Trained

RUN = 'run.json'
LEARNING_CURVE = 'learning_curve.png'


@dataclasses.dataclass(frozen=True)
class Origin:
  """What a training was made from, for its record.

  Attributes:
    settings: of the training.
    content: digest of everything that the training depends on.
    data_fingerprint: of the data folder that the examples were made from; empty if unknown.
    packages: the installed packages whose versions are recorded.
  """

  settings: TrainSettings
  content: str
  data_fingerprint: str
  packages: Sequence[str]


def write(trained: Trained, origin: Origin, work_directory: str, folder: str) -> None:
  """Copies the work folder to `folder`, and adds run.json and learning_curve.png."""
  files.copy_tree(work_directory, folder)
  image = io.BytesIO()
  learning_curve.draw(trained.history, trained.exported_step).savefig(image, format='png')
  files.write_bytes(files.join(folder, LEARNING_CURVE), image.getvalue())
  files.write_text(files.join(folder, RUN), json.dumps(facts(trained, origin), indent=2))


def facts(trained: Trained, origin: Origin) -> dict[str, Any]:
  """What is needed to repeat a run or to compare it with another: the content of run.json."""
  state = trained.state
  return {
    'steps': state.step,
    'num_steps': state.num_steps,
    'stopped_because': state.stop or 'all steps were taken',
    'exported_step': trained.exported_step,
    'best': dataclasses.asdict(trained.best) if trained.best else None,
    'last_evaluation': trained.history[-1] if trained.history else {},
    'training_seconds': round(trained.seconds, 1),
    'rollbacks': trained.rollbacks,
    'content': origin.content,
    'data_fingerprint': origin.data_fingerprint,
    'pipeline_config': config_io.dump(trained.engine.config),
    'versions': {name: metadata.version(name) for name in origin.packages},
    'git_revision': _git_revision(),
    'python': platform.python_version(),
    'settings': origin.settings.dict(),
    'finished': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
  }


def _git_revision() -> str | None:
  """The commit of the project's checkout; None where it does not run from one."""
  command = ['git', '-C', os.path.dirname(os.path.abspath(__file__)), 'rev-parse', 'HEAD']
  try:
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
  except (OSError, subprocess.TimeoutExpired):
    return None
  return done.stdout.strip() or None
