"""A server in this process that answers as TensorFlow Serving's REST interface does."""

import contextlib
import http.server
import json
import threading


class Stub(http.server.BaseHTTPRequestHandler):
  """`predict` in row format, for one model. server.answer: {path, request} to (status, content)."""

  def do_POST(self):
    body = self.rfile.read(int(self.headers['Content-Length']))
    status, content = self.server.answer(self.path, json.loads(body))
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    self.send_response(status)
    self.send_header('Content-Length', str(len(content)))
    self.end_headers()
    self.wfile.write(content)

  def log_message(self, *words):
    pass


@contextlib.contextmanager
def running():
  """Yields a server; set its `answer`, a function {path, request} to (status, content). `url` is that of a model."""
  stub = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Stub)
  thread = threading.Thread(target=stub.serve_forever, args=(0.01,))
  thread.start()
  stub.url = f'http://127.0.0.1:{stub.server_address[1]}/v1/models/detector'
  try:
    yield stub
  finally:
    stub.shutdown()
    thread.join()
    stub.server_close()
