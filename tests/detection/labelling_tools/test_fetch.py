"""Images are fetched from where they may come from, and from nowhere else."""

import http.server
import threading

import pytest

from detection.base.errors import DataError
from detection.labelling_tools import fetch
from detection.labelling_tools.fetch import Sources


class Handler(http.server.BaseHTTPRequestHandler):
  def do_GET(self):
    self.server.asked.append((self.path, self.headers.get('Authorization')))
    status = {'/moved.png': 302, '/gone.png': 404}.get(self.path, 200)
    self.send_response(status)
    if status == 302:
      self.send_header('Location', '/secret.png')
    if self.path == '/cut.png':
      self.send_header('Transfer-Encoding', 'chunked')
    self.end_headers()
    self.wfile.write(b'image')

  def log_message(self, *words):
    pass


@pytest.fixture
def server():
  with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as found:
    found.asked, found.url = [], f'http://127.0.0.1:{found.server_address[1]}'
    thread = threading.Thread(target=found.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.shutdown()
    thread.join()


def test_uploads_are_asked_of_the_tool_with_its_token(server):
  sources = Sources(server.url, 'secret')
  assert sources.fetch('/data/upload/1/a.png') == b'image'
  assert sources.fetch(f'{server.url}/b.png') == b'image'
  assert server.asked == [('/data/upload/1/a.png', 'Token secret'), ('/b.png', 'Token secret')]


def test_other_servers_are_asked_if_allowed_and_never_get_the_token(server):
  sources = Sources('http://localhost:1', 'secret', allowed=[f'{server.url}/images'])
  assert sources.fetch(f'{server.url}/images/a.png') == b'image'
  assert server.asked == [('/images/a.png', None)]
  outside = ('a.png', 'images/../a.png', 'images/%2e%2e/a.png', 'images/..', 'images-2/a.png')
  for url in (*(f'{server.url}/{path}' for path in outside), 'file:///a.png'):
    with pytest.raises(DataError, match='not fetched from there'):
      sources.fetch(url)


def test_what_is_no_url_is_named():
  with pytest.raises(DataError, match='no URL'):
    Sources('http://127.0.0.1:1').fetch('http://[a.png')


def test_an_answer_that_breaks_off_is_named(server):
  with pytest.raises(DataError, match='cannot be reached'):
    Sources(server.url).fetch('/cut.png')


@pytest.mark.parametrize(('path', 'status'), [('moved', 302), ('gone', 404)])
def test_only_an_image_is_an_answer(server, path, status):
  with pytest.raises(DataError, match=f'status {status}'):
    Sources(server.url).fetch(f'/{path}.png')
  assert len(server.asked) == 1


def test_a_server_that_is_not_there_and_one_that_sends_too_much_are_named(server, monkeypatch):
  with pytest.raises(DataError, match='cannot be reached'):
    Sources('http://127.0.0.1:1').fetch('/a.png')
  monkeypatch.setattr(fetch, '_MOST_BYTES', 3)
  with pytest.raises(DataError, match='more than'):
    Sources(server.url).fetch('/a.png')
  with pytest.raises(DataError, match='Give its URL by --server'):
    Sources().fetch('/data/upload/1/a.png')


def test_local_files_lie_inside_the_folder(tmp_path):
  (tmp_path / 'images' / 'more').mkdir(parents=True)
  (tmp_path / 'images' / 'more' / 'a b.png').write_bytes(b'image')
  (tmp_path / 'secret').write_bytes(b'secret')
  (tmp_path / 'images' / 'link.png').symlink_to(tmp_path / 'secret')
  sources = Sources(folder=str(tmp_path / 'images'))
  assert sources.fetch('/data/local-files/?d=more/a%20b.png') == b'image'
  for path in ('../secret', '/../secret', 'link.png', ''):
    with pytest.raises(DataError, match='not inside'):
      sources.fetch(f'/data/local-files/?d={path}')
  with pytest.raises(DataError, match='no such file'):
    sources.fetch('/data/local-files/?d=gone.png')
