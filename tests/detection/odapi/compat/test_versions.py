import importlib.metadata
import sys

import pytest

from detection.odapi.compat import versions
from detection.odapi.compat.versions import Versions


@pytest.mark.parametrize(
  ('installed', 'since', 'breaks'),
  [
    pytest.param('2.15.1', '2.16', False, id='older'),
    pytest.param('2.16.0', '2.16', True, id='the first'),
    pytest.param('2.16.0rc1', '2.16', True, id='its release candidate'),
    pytest.param('2.9.0', '2.16', False, id='numbers, not text'),
    pytest.param('10.4.0', '10', True, id='one number'),
    pytest.param('3.20.3', '4', False, id='an older one, of one number'),
  ],
)
def test_a_mend_is_for_the_first_version_that_breaks_and_all_later_ones(installed, since, breaks, monkeypatch):
  monkeypatch.setattr(versions, '_installed', lambda package: installed)
  assert Versions('tensorflow', since).installed() is breaks


@pytest.mark.parametrize('package', ['tensorflow', 'protobuf', 'Pillow', 'apache-beam'])
def test_the_installed_version_is_found_by_its_folder(package):
  assert versions._installed(package) == importlib.metadata.version(package)


def test_a_distribution_without_such_a_folder_is_found_by_its_metadata(tmp_path, monkeypatch):
  (tmp_path / 'old_style.egg-info').write_text('Metadata-Version: 1.0\nName: old-style\nVersion: 3.4\n')
  monkeypatch.setattr(sys, 'path', [str(tmp_path)])
  assert versions._installed('old-style') == '3.4'


def test_a_library_that_is_not_installed_needs_no_mend():
  assert not Versions('no-such-distribution', '0').installed()
