"""A stub of the Kubernetes API, over HTTPS on loopback: only what KFP's driver and launcher ask of it."""

import contextlib
import http.server
import json
import pathlib
import ssl
import threading

from tests.support import certificate

TOKEN = 'token-of-the-stub'


class KubernetesStub:
  """Objects by kind and name, and what was asked for.

  Attributes:
    port: on 127.0.0.1.
    certificate: PEM, what a pod finds as ca.crt.
    objects: {(kind in the plural, name): the object}.
    asked: [path of each request, in order].
  """

  def __init__(self, namespace: str) -> None:
    self.namespace = namespace
    self.port = 0
    self.certificate = ''
    self.objects: dict[tuple[str, str], dict] = {}
    self.asked: list[str] = []

  def put(self, kind: str, name: str, **fields) -> None:
    """Adds an object, such as put('secrets', 'keys', data={...}); its content is fields."""
    metadata = {'name': name, 'namespace': self.namespace, **fields.pop('metadata', {})}
    self.objects[kind, name] = {'metadata': metadata, **fields}

  def answer(self, path: str, authorization: str | None) -> tuple[int, dict]:
    """(status, body) of a GET."""
    self.asked.append(path)
    if authorization != f'Bearer {TOKEN}':
      return 401, _status(401, 'Unauthorized', path)
    parts = path.partition('?')[0].strip('/').split('/')
    if parts[:3] == ['api', 'v1', 'namespaces'] and len(parts) == 6 and parts[3] == self.namespace:
      found = self.objects.get((parts[4], parts[5]))
      if found is not None:
        return 200, {'apiVersion': 'v1', **found}
    return 404, _status(404, 'NotFound', path)


@contextlib.contextmanager
def running(folder: pathlib.Path, namespace: str = 'kubeflow'):
  """Starts the stub; yields it; ends it. Its key is kept in `folder`."""
  stub = KubernetesStub(namespace)
  public, key = certificate.self_signed()
  stub.certificate = public.decode()
  (folder / 'stub.pem').write_bytes(public + key)
  context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
  context.load_cert_chain(folder / 'stub.pem')

  class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
      status, body = stub.answer(self.path, self.headers.get('Authorization'))
      content = json.dumps(body).encode()
      self.send_response(status)
      self.send_header('Content-Type', 'application/json')
      self.send_header('Content-Length', str(len(content)))
      self.end_headers()
      self.wfile.write(content)

    def log_message(self, *_):
      pass

  server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
  server.socket = context.wrap_socket(server.socket, server_side=True)
  stub.port = server.server_address[1]
  thread = threading.Thread(target=server.serve_forever, daemon=True)
  thread.start()
  try:
    yield stub
  finally:
    server.shutdown()
    server.server_close()
    thread.join()


def _status(code: int, reason: str, path: str) -> dict:
  return {'apiVersion': 'v1', 'kind': 'Status', 'status': 'Failure', 'code': code, 'reason': reason, 'message': path}
