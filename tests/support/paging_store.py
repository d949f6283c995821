"""An S3 server on loopback that lists three keys at a time, and answers every fourth request with 503 (slow down)."""

import contextlib
import itertools
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support import s3_server

PAGE = 3
_TIME = '2026-01-02T03:04:05.000Z'


class _Server(ThreadingHTTPServer):
  """Attributes: objects: {key: content}; refused: paths of the requests that got 503; numbers: counts requests."""


class _Handler(BaseHTTPRequestHandler):
  protocol_version = 'HTTP/1.1'

  def do_HEAD(self):
    self.do_GET()

  def do_GET(self):
    if next(self.server.numbers) % 4 == 0:
      self.server.refused.append(self.path)
      self._send(503, b'<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>')
      return
    url = urllib.parse.urlsplit(self.path)
    key = urllib.parse.unquote(url.path).lstrip('/').partition('/')[2]
    query, objects = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True)), self.server.objects
    if not key:
      self._send(200, _listing(objects, query) if 'prefix' in query else b'')
    elif key in objects:
      self._send(200, objects[key])
    else:
      self._send(404, b'<Error><Code>NoSuchKey</Code></Error>')

  def _send(self, status, body):
    self.send_response(status)
    self.send_header('Content-Length', str(len(body)))
    self.send_header('Content-Type', 'application/xml')
    self.send_header('Last-Modified', 'Fri, 02 Jan 2026 03:04:05 GMT')
    self.end_headers()
    if self.command == 'GET':
      self.wfile.write(body)

  def log_message(self, *arguments):
    """Says nothing."""


def _listing(objects, query):
  """ListObjects of either version, a page at a time."""
  prefix, delimiter = query['prefix'], query.get('delimiter', '')
  entries = {}  # {key or common prefix: size, or None for a common prefix}
  for key, content in sorted(objects.items()):
    if key.startswith(prefix):
      folder, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ('', '', '')
      entries[prefix + folder + found if found else key] = None if found else len(content)
  after = query.get('continuation-token') or query.get('marker') or ''
  left = [name for name in entries if name > after]
  page = left[: min(PAGE, int(query.get('max-keys', 1000)))]
  more = len(page) < len(left)
  parts = [f'<Name>b</Name><Prefix>{prefix}</Prefix><KeyCount>{len(page)}</KeyCount><MaxKeys>{PAGE}</MaxKeys>']
  parts.append(f'<IsTruncated>{str(more).lower()}</IsTruncated>')
  if more:
    parts.append(f'<NextMarker>{page[-1]}</NextMarker><NextContinuationToken>{page[-1]}</NextContinuationToken>')
  for name in page:
    if entries[name] is None:
      parts.append(f'<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>')
    else:
      parts.append(
        f'<Contents><Key>{name}</Key><LastModified>{_TIME}</LastModified><ETag>"{entries[name]:032x}"</ETag>'
        f'<Size>{entries[name]}</Size><StorageClass>STANDARD</StorageClass></Contents>'
      )
  return f'<?xml version="1.0"?><ListBucketResult>{"".join(parts)}</ListBucketResult>'.encode()


@contextlib.contextmanager
def running(objects):
  """Serves {key: content} in the bucket `b`; yields the variables that a process needs, and the requests refused."""
  server = _Server(('127.0.0.1', 0), _Handler)
  server.objects, server.refused, server.numbers = objects, [], itertools.count(1)
  threading.Thread(target=server.serve_forever, daemon=True).start()
  try:
    yield s3_server.variables(f'http://127.0.0.1:{server.server_port}'), server.refused
  finally:
    server.shutdown()
    server.server_close()
