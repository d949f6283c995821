"""Version numbers: they rise, and each is given once."""

import threading

from components.pusher import checksums, publish
from detection import model_folder


def test_versions_rise_even_when_the_clock_goes_back(models, tmp_path):
  for number, now in enumerate([1000.9, 1000.9, 400.0, 2000.0]):
    publish.publish(models(number), str(tmp_path), clock=lambda now=now: now)
  assert model_folder.versions(str(tmp_path)) == [1000, 1001, 1002, 2000]


def test_pushers_at_the_same_time_get_versions_of_their_own(models, tmp_path):
  published = []

  def push_one(model):
    published.append(publish.publish(model, str(tmp_path), clock=lambda: 5))

  threads = [threading.Thread(target=push_one, args=(models(number),)) for number in range(8)]
  for thread in threads:
    thread.start()
  for thread in threads:
    thread.join()
  assert sorted(one.version for one in published) == model_folder.versions(str(tmp_path)) == list(range(5, 13))
  assert all(checksums.damaged(one.folder) == [] for one in published)
