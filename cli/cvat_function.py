"""`detection-pipeline cvat-function`: writes a folder that nuctl deploys, so that a model labels in CVAT."""

from __future__ import annotations

import argparse
import os
import re

from cli.shared import quiet
from detection.base.errors import ConfigError

HELP = 'write a serverless function for CVAT, which then labels by a model'
ORDER = 117


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('model', metavar='MODEL', help='a push destination, a version or a model folder')
  parser.add_argument('--output', required=True, metavar='DIR', help='a new folder')
  parser.add_argument('--image', required=True, metavar='IMAGE', help='the container image of this project')
  parser.add_argument('--name', default='detection-pipeline', help='of the function')


def run(args: argparse.Namespace) -> int:
  """Writes function.yaml, main.py and the model.

  Raises:
    UserError: if there is no such model, the folder exists, or the name is none.
  """
  if not re.fullmatch(r'[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?', args.name):
    raise ConfigError(f'--name: expected lower-case letters, digits and inner hyphens, received "{args.name}".')
  if os.path.exists(args.output):
    raise ConfigError(f'--output: {args.output} exists. Name a new folder.')
  with quiet.third_party():
    import yaml

    from detection import model_folder
    from detection.base import files
    from detection.labelling_tools import cvat
    from detection.odapi import label_map

    saved_model = model_folder.find_saved_model(args.model)
    labels = model_folder.read_labels(saved_model)
    function = cvat.function(args.name, labels, args.image)
    with files.whole_directory(args.output) as folder:
      files.copy_tree(saved_model, files.join(folder, 'model'))
      files.write_text(files.join(folder, 'model', model_folder.LABEL_MAP), label_map.dump(labels))
      files.write_text(files.join(folder, 'function.yaml'), yaml.safe_dump(function, sort_keys=False))
      files.write_text(files.join(folder, 'main.py'), cvat.MAIN)
  print(f'{args.output}: deploy it by: nuctl deploy --project-name cvat --path {args.output} --platform local')
  return 0
