"""`detection-pipeline rollback`: takes back the newest pushed version."""

import argparse

from cli.shared import quiet

HELP = 'take back the newest pushed version'
ORDER = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
  parser.add_argument('destination', metavar='DEST', help='the folder of versions')


def run(args: argparse.Namespace) -> int:
  with quiet.third_party():
    from components.pusher import versions

    withdrawn, current = versions.withdraw(args.destination)
  print(f'{args.destination}: version {withdrawn} taken back; {current} is the highest now')
  return 0
