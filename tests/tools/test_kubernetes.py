"""How the programs of Kubernetes are had. Building them takes long: `make test-kubernetes` does."""

import pytest

from tests.support import scripts

GO_MOD = """module k8s.io/kubernetes

go 1.26.0

require (
	go.etcd.io/etcd/server/v3 v3.7.0 // indirect
	k8s.io/api v0.0.0
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/client-go => ./staging/src/k8s.io/client-go
)
"""


@pytest.fixture
def kubernetes(monkeypatch):
  module = scripts.load('tools/kubernetes.py')
  monkeypatch.setattr(module, '_VERSION', '1.99.7')
  return module


def test_the_libraries_come_from_their_published_modules_of_the_same_release(kubernetes, tmp_path):
  kubernetes.make_module(tmp_path, GO_MOD)
  made = (tmp_path / 'go.mod').read_text()
  assert made.startswith('module programs\n')
  assert '\tk8s.io/api => k8s.io/api v0.99.7\n\tk8s.io/client-go => k8s.io/client-go v0.99.7\n' in made
  assert made.endswith('require k8s.io/kubernetes v1.99.7\n')
  assert 'staging' not in made
  assert 'go.etcd.io/etcd/server/v3 v3.7.0' in made


def test_without_go_the_reason_is_one_line(kubernetes, tmp_path, monkeypatch):
  monkeypatch.setattr(kubernetes.shutil, 'which', lambda program: None)
  with pytest.raises(FileNotFoundError, match='^go is not installed: make test-kubernetes needs Go'):
    kubernetes.build(tmp_path)


def test_programs_that_are_there_are_not_built_again_and_need_no_go(kubernetes, tmp_path, monkeypatch):
  monkeypatch.setattr(kubernetes.shutil, 'which', lambda program: None)
  folder = tmp_path / 'kubernetes-1.99.7'
  folder.mkdir()
  for name in ('etcd', 'kube-apiserver', 'kube-scheduler'):
    (folder / name).touch()
  assert kubernetes.build(tmp_path) == folder
