"""Loads a compiled file with the kfp SDK of today, and prints kfp-kubernetes' proto. Run by their environment's Python.

Prints JSON: {"name": ..., "inputs": [...], "executors": [...], "descriptor": FileDescriptorProto}
"""

import json
import sys

import yaml
from google.protobuf import descriptor_pb2, json_format
from kfp import components
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

with open(sys.argv[1]) as file:
  text = file.read()
component = components.load_component_from_text(text)
documents = list(yaml.safe_load_all(text))
spec = json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
deployment = json_format.ParseDict(documents[0]['deploymentSpec'], pipeline_spec_pb2.PipelineDeploymentConfig())
platforms = json_format.ParseDict(documents[1], pipeline_spec_pb2.PlatformSpec())
for settings in platforms.platforms['kubernetes'].deployment_spec.executors.values():
  json_format.ParseDict(json_format.MessageToDict(settings), kubernetes_executor_config_pb2.KubernetesExecutorConfig())
descriptor = descriptor_pb2.FileDescriptorProto()
kubernetes_executor_config_pb2.DESCRIPTOR.CopyToProto(descriptor)
print(
  json.dumps(
    {
      'name': component.name,
      'parameters': sorted(spec.root.input_definitions.parameters),
      'gpus': {label: e.container.resources.accelerator.count for label, e in deployment.executors.items()},
      'labels': sorted(platforms.platforms['kubernetes'].deployment_spec.executors),
      'descriptor': json_format.MessageToDict(descriptor, preserving_proto_field_name=True),
    }
  )
)
