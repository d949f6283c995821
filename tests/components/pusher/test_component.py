"""DetectionPusher's wiring: mistakes show when the pipeline is built."""

import pytest
from tfx.types import channel, standard_artifacts

from components.pusher import component
from detection.base.errors import ConfigError


def pusher(destination='serving', **settings):
  return component.DetectionPusher(
    model=channel.Channel(type=standard_artifacts.Model),
    model_blessing=channel.Channel(type=standard_artifacts.ModelBlessing),
    destination=destination,
    **settings,
  )


def test_an_empty_destination_is_refused():
  with pytest.raises(ConfigError, match='push.destination'):
    pusher(destination='')


@pytest.mark.parametrize('keep_versions', [-1, True, '2'])
def test_a_number_of_versions_to_keep_that_makes_no_sense_is_refused(keep_versions):
  with pytest.raises(ConfigError, match='push.keep_versions: expected 0'):
    pusher(keep_versions=keep_versions)


def test_wiring_takes_what_the_pipeline_gives():
  properties = pusher(keep_versions=3).exec_properties
  assert (properties['destination'], properties['keep_versions']) == ('serving', 3)
  assert len(properties['code_version']) == 16
