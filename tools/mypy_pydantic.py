"""mypy's plugin for pydantic.v1: pydantic 2 has it beside its own, pydantic 1 has no other."""

try:
  from pydantic.v1.mypy import plugin
except ImportError:
  from pydantic.mypy import plugin

__all__ = ['plugin']
