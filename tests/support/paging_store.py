"""An S3 server on loopback that lists in small pages, takes its time, and answers some requests with 503."""

import bisect
import contextlib
import itertools
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

from tests.support import s3_server

_TIME = '2026-01-02T03:04:05.000Z'
_BUSY = b'<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'
_FORBIDDEN = b'<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'


class Store(ThreadingHTTPServer):
  """Serves {key: content} in the bucket `b`.

  Args:
    objects: {key: content, or only its length}.
    page: names in a page.
    seconds: what each answer takes.
    busy_every: every so-manieth request is answered with 503; 0 for none.
    forbidden: listings whose prefix has this in it are refused.

  Attributes:
    refused: the paths of requests that got 503.
    asked: how many requests there were.
    most_at_once: how many were being answered at a time.
  """

  daemon_threads = True
  request_queue_size = 128

  def __init__(self, objects, page=3, seconds=0.0, busy_every=0, forbidden=''):
    super().__init__(('127.0.0.1', 0), _Handler)
    self.objects, self.keys = objects, sorted(objects)
    self.page, self.seconds, self.busy_every, self.forbidden = page, seconds, busy_every, forbidden
    self.refused, self.asked, self.most_at_once = [], 0, 0
    self._at_once, self._lock = 0, threading.Lock()

  @property
  def variables(self):
    """What a process needs in its environment to find the store."""
    return s3_server.variables(f'http://127.0.0.1:{self.server_port}')

  @contextlib.contextmanager
  def request(self):
    """Counts a request and takes its time; yields whether it is to be refused."""
    with self._lock:
      self.asked += 1
      self._at_once += 1
      self.most_at_once = max(self.most_at_once, self._at_once)
      is_busy = self.busy_every and self.asked % self.busy_every == 0
    time.sleep(self.seconds)
    try:
      yield is_busy
    finally:
      with self._lock:
        self._at_once -= 1

  def handle_error(self, request, client_address):
    """Says nothing of clients that have gone."""


class _Handler(BaseHTTPRequestHandler):
  protocol_version = 'HTTP/1.1'
  disable_nagle_algorithm = True

  def do_HEAD(self):
    self.do_GET()

  def do_GET(self):
    with self.server.request() as is_busy:
      if is_busy:
        self.server.refused.append(self.path)
        self._send(503, _BUSY)
      else:
        self._answer()

  def _answer(self):
    url = urllib.parse.urlsplit(self.path)
    key = urllib.parse.unquote(url.path).lstrip('/').partition('/')[2]
    query, objects = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True)), self.server.objects
    if not key and self.server.forbidden and self.server.forbidden in query.get('prefix', ''):
      self._send(403, _FORBIDDEN)
    elif not key:
      self._send(200, _listing(self.server, query) if 'prefix' in query else b'')
    elif key in objects:
      content = objects[key]
      self._send(200, b'x' * content if isinstance(content, int) else content)
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


def _listing(store, query):
  """ListObjects of either version, a page at a time."""
  prefix, delimiter = query['prefix'], query.get('delimiter', '')
  after = query.get('continuation-token') or query.get('start-after') or query.get('marker') or ''
  size = min(store.page, int(query.get('max-keys', 1000)))
  found = list(itertools.islice(_entries(store, prefix, delimiter, after), size + 1))
  page = found[:size]
  parts = [f'<Name>b</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount><MaxKeys>{size}</MaxKeys>']
  parts.append(f'<IsTruncated>{str(len(found) > size).lower()}</IsTruncated>')
  if len(found) > size:
    last = escape(page[-1])
    parts.append(f'<NextMarker>{last}</NextMarker><NextContinuationToken>{last}</NextContinuationToken>')
  for name in page:
    if delimiter and name.endswith(delimiter) and name not in store.objects:
      parts.append(f'<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>')
    else:
      content = store.objects[name]
      size = content if isinstance(content, int) else len(content)
      parts.append(
        f'<Contents><Key>{escape(name)}</Key><LastModified>{_TIME}</LastModified><ETag>"{size:032x}"</ETag>'
        f'<Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>'
      )
  return f'<?xml version="1.0"?><ListBucketResult>{"".join(parts)}</ListBucketResult>'.encode()


def _entries(store, prefix, delimiter, after):
  """Keys and common prefixes behind `after`, in order."""
  keys, place = store.keys, bisect.bisect_left(store.keys, max(prefix, after))
  while place < len(keys) and keys[place].startswith(prefix):
    folder, found, _ = keys[place][len(prefix) :].partition(delimiter) if delimiter else ('', '', '')
    entry = prefix + folder + found if found else keys[place]
    if entry > after:
      yield entry
    place = bisect.bisect_left(keys, entry + chr(0x10FFFF), place) if found else place + 1


@contextlib.contextmanager
def running(objects, **behaviour):
  """Yields a Store, and ends it."""
  store = Store(objects, **behaviour)
  threading.Thread(target=store.serve_forever, daemon=True).start()
  try:
    yield store
  finally:
    store.shutdown()
    store.server_close()
