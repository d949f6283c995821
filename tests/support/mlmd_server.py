"""The metadata store that KFP brings, on loopback: MLMD's own store in memory, behind MLMD's published gRPC service."""

import contextlib
from concurrent import futures

import grpc
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as native
from ml_metadata.proto import metadata_store_pb2, metadata_store_service_pb2


@contextlib.contextmanager
def running():
  """Starts the server; yields its port; ends it."""
  config = metadata_store_pb2.ConnectionConfig()
  config.fake_database.SetInParent()
  store = native.CreateMetadataStore(config.SerializeToString(), b'')
  (service,) = metadata_store_service_pb2.DESCRIPTOR.services_by_name.values()
  handlers = {
    method.name: grpc.unary_unary_rpc_method_handler(_answer(store, getattr(native, method.name)))
    for method in service.methods
    if hasattr(native, method.name)
  }
  server = grpc.server(futures.ThreadPoolExecutor(1))  # one caller at a time
  server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service.full_name, handlers)])
  port = server.add_insecure_port('127.0.0.1:0')
  server.start()
  try:
    yield port
  finally:
    server.stop(None)


def _answer(store, method):
  """Requests and answers go through as the bytes they are."""
  codes = {code.value[0]: code for code in grpc.StatusCode}

  def answer(request, context):
    response, message, status = method(store, request)
    if status:
      context.abort(codes[status], message.decode())
    return response

  return answer
