"""Serves a Label Studio ML backend over HTTP, by Python's own server."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Any

from detection.labelling_tools.label_studio import Backend

_MOST_BYTES = 64 * 2**20  # of a request: tasks name images, they do not hold them


class Server(http.server.ThreadingHTTPServer):
  """Listens at once; serve_forever answers. One request is in work at a time: the model is one.

  Args:
    backend: answers.
    host, port: where to listen; port 0 takes a free one.
  """

  daemon_threads = True

  def __init__(self, backend: Backend, host: str, port: int) -> None:
    super().__init__((host, port), _Handler)
    self.backend = backend
    self.lock = threading.Lock()

  @property
  def url(self) -> str:
    return f'http://{self.server_address[0]!s}:{self.server_address[1]}'


class _Handler(http.server.BaseHTTPRequestHandler):
  server: Server

  def do_GET(self) -> None:
    self._send(*self._answer('GET', {}))

  def do_POST(self) -> None:
    try:
      length = int(self.headers.get('Content-Length') or 0)
      if not 0 <= length <= _MOST_BYTES:
        raise ValueError(f'expected a body of at most {_MOST_BYTES} bytes, received {length}')
      request = json.loads(self.rfile.read(length) or b'{}')
      if not isinstance(request, dict):
        raise ValueError('expected a JSON object')
    except (ValueError, RecursionError) as error:  # the second: of brackets in brackets in brackets
      self._send(400, {'error': f'body: {error}'})
      return
    self._send(*self._answer('POST', request))

  def log_message(self, format: str, *args: Any) -> None:
    """Nothing: what went wrong is told by the backend."""

  def _answer(self, method: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    with self.server.lock:
      return self.server.backend.answer(method, self.path, request)

  def _send(self, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    self.send_response(status)
    self.send_header('Content-Type', 'application/json')
    self.send_header('Content-Length', str(len(body)))
    self.end_headers()
    self.wfile.write(body)
