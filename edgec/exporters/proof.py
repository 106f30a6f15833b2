"""Proof that a .tflite file loads: by a TFLite interpreter, where one is installed.

edgec needs none. ``pip install 'edgec[oracle]'`` brings one, for comparisons and for this.
"""

import importlib
from functools import cache
from importlib.util import find_spec
from typing import Any

from edgec.ir import Graph

_INTERPRETERS = ("tflite_runtime", "ai_edge_litert")
_LARGEST = 1 << 28  # bytes of all values: more are not worth the interpreter's memory


@cache
def _interpreter() -> tuple[str, Any] | None:
    for name in _INTERPRETERS:
        if find_spec(name) is not None:
            return name.replace("_", "-"), importlib.import_module(f"{name}.interpreter")
    return None


def why_it_does_not_load(data: bytes, graph: Graph) -> str | None:
    """Return what an interpreter says against the file of a graph; None where it loads.

    None too where no interpreter is installed.
    """
    found = _interpreter()
    if found is None or sum(kind.bytes for kind in graph.types.values()) > _LARGEST:
        return None
    name, module = found
    try:
        module.Interpreter(
            model_content=data,
            experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF,
        ).allocate_tensors()
    except (RuntimeError, ValueError) as error:
        return f"{name} does not load the .tflite file: {' '.join(str(error).split())}"
    return None
