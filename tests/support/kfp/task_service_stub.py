"""A stub of KFP's task service, in which its driver looks for tasks that are cached: gRPC on loopback.

Only the fields that the driver and the launcher use, with the numbers of api.TaskService in KFP's
backend/api/v1beta1/task.proto.
"""

import contextlib
import json
from concurrent import futures

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = 'api.TaskService'
_STRING, _INT32, _MESSAGE = 9, 5, 11
_TASK = {
  'id': 1,
  'namespace': 2,
  'pipelineName': 3,
  'runId': 4,
  'mlmdExecutionID': 5,
  'fingerprint': 8,
}
# What the driver filters by.
_FIELDS = {'fingerprint': 'fingerprint', 'pipelineName': 'pipelineName', 'namespace': 'namespace'}


def _messages():
  """{name: class} of the service's messages. The two times of a task, 6 and 7, are kept as unknown fields."""
  file = descriptor_pb2.FileDescriptorProto(name='tests/task_service_stub.proto', package='api', syntax='proto3')

  def message(name, **fields):
    added = file.message_type.add(name=name)
    for field, (number, kind, label, type_name) in fields.items():
      added.field.add(name=field, number=number, type=kind, label=label, type_name=type_name)

  one, many = 1, 3
  message('Task', **{name: (number, _STRING, one, None) for name, number in _TASK.items()})
  message('CreateTaskRequest', task=(1, _MESSAGE, one, '.api.Task'))
  message(
    'ListTasksRequest',
    page_token=(1, _STRING, one, None),
    page_size=(2, _INT32, one, None),
    sort_by=(3, _STRING, one, None),
    filter=(5, _STRING, one, None),
  )
  message('ListTasksResponse', tasks=(1, _MESSAGE, many, '.api.Task'), total_size=(3, _INT32, one, None))
  pool = descriptor_pool.DescriptorPool()
  pool.Add(file)
  if hasattr(message_factory, 'GetMessageClass'):  # from protobuf 4.22 on
    made = message_factory.GetMessageClass
  else:
    made = message_factory.MessageFactory(pool).GetPrototype
  return {m.name: made(pool.FindMessageTypeByName(f'api.{m.name}')) for m in file.message_type}


MESSAGES = _messages()


class TaskServiceStub:
  """The tasks that were created, in order."""

  def __init__(self) -> None:
    self.port = 0
    self.tasks: list = []

  def create(self, request, context):
    task = request.task
    task.id = str(len(self.tasks) + 1)
    self.tasks.append(task)
    return task

  def list(self, request, context):
    """The latest tasks that fit the filter, newest first, as `created_at desc` asks."""
    wanted = {
      each['key']: each.get('stringValue', '') for each in json.loads(request.filter or '{}').get('predicates', [])
    }
    unknown = sorted(set(wanted) - set(_FIELDS))
    if unknown:
      context.abort(grpc.StatusCode.INVALID_ARGUMENT, f'filter by {", ".join(unknown)}')
    found = [task for task in self.tasks if all(getattr(task, _FIELDS[key]) == value for key, value in wanted.items())]
    found = found[::-1][: request.page_size or None]
    return MESSAGES['ListTasksResponse'](tasks=found, total_size=len(found))


@contextlib.contextmanager
def running():
  """Starts the stub; yields it; ends it."""
  stub = TaskServiceStub()
  methods = {
    'CreateTaskV1': (stub.create, 'CreateTaskRequest'),
    'ListTasksV1': (stub.list, 'ListTasksRequest'),
  }
  handlers = {
    name: grpc.unary_unary_rpc_method_handler(
      answer, MESSAGES[request].FromString, lambda made: made.SerializeToString()
    )
    for name, (answer, request) in methods.items()
  }
  server = grpc.server(futures.ThreadPoolExecutor(1))
  server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
  stub.port = server.add_insecure_port('127.0.0.1:0')
  server.start()
  try:
    yield stub
  finally:
    server.stop(None)
