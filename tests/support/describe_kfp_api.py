"""Prints KFP's published API description as JSON, read from kfp-server-api. Run by its environment's Python.

{"paths": {"POST /apis/v2beta1/runs": {"query": [...], "body": model or null, "files": [...], "answer": model}},
 "models": {model: {JSON key: type}}}
"""

import inspect
import json
import re

import kfp_server_api
from kfp_server_api import api, models


def _calls(source):
  for method in re.split(r'\n    def ', source)[1:]:
    call = re.search(r"call_api\(\s*'([^']+)', '([A-Z]+)'", method)
    if call:
      body = re.search(r':type \w+: (V2beta1\w+)', method)
      yield (
        f'{call[2]} {call[1]}',
        {
          'query': re.findall(r"query_params.append\(\('([^']+)'", method),
          'files': re.findall(r"local_var_files\['([^']+)'\]", method),
          'body': body[1] if body else None,
          'answer': (re.search(r"response_type='([^']+)'", method) or [None, None])[1],
        },
      )


paths = {}
for module in (name for name in dir(api) if name.endswith('_api')):
  paths.update(_calls(inspect.getsource(getattr(api, module))))
described = {
  name: {model.attribute_map[key]: kind for key, kind in model.openapi_types.items()}
  for name, model in inspect.getmembers(models, inspect.isclass)
}
print(json.dumps({'version': kfp_server_api.__version__, 'paths': paths, 'models': described}))
