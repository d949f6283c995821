"""`detection-pipeline sample-data`: a small labelled VOC data set, drawn, without any download."""

import argparse

HELP = 'draw a small labelled VOC data set'
ORDER = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('directory', metavar='DIR')
  parser.add_argument('--images', type=int, default=200, metavar='N')
  parser.add_argument('--seed', type=int, default=0, metavar='S')
  parser.add_argument('--domain', default='plain', metavar='NAME', help='another look: night, fog or wall')


def run(args: argparse.Namespace) -> int:
  from detection.sample_data import draw

  draw.write(args.directory, images=args.images, seed=args.seed, domain=args.domain)
  return 0
