"""Proof that a .tflite file loads: by a TFLite interpreter, where one is installed.

edgec needs none. ``pip install 'edgec[oracle]'`` brings one, for comparisons and for this. On what
it cannot do it may abort its whole process (TFLITE_CHECK), so it gets one of its own: a fork, which
has the file already. Only on Linux: elsewhere a fork is no safe place for libraries.
"""

import faulthandler
import importlib
import os
import select
import signal
import sys
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

from edgec.ir import Graph

_INTERPRETERS = ("tflite_runtime", "ai_edge_litert")
_PATIENCE = 60.0  # seconds: threads that the fork has not got may leave it waiting
_LARGEST = 1 << 28  # bytes of all values: more are not worth the interpreter's memory


@cache
def _interpreter() -> tuple[str, Any] | None:
    for name in _INTERPRETERS:
        if find_spec(name) is not None:
            return name.replace("_", "-"), importlib.import_module(f"{name}.interpreter")
    return None


def why_it_does_not_load(data: bytes, graph: Graph) -> str | None:
    """Return what an interpreter says against the file of a graph; None where it loads.

    None too where no interpreter is installed, and where it does not come to an end.
    """
    found = _interpreter() if sys.platform == "linux" else None
    if found is None or sum(kind.bytes for kind in graph.types.values()) > _LARGEST:
        return None
    name, module = found
    why = _in_a_fork(lambda: _refusal(module, data))
    return f"{name} does not load the .tflite file: {why}" if why else None


def _refusal(module: Any, data: bytes) -> str:
    try:
        module.Interpreter(
            model_content=data,
            experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF,
        ).allocate_tensors()
    except (RuntimeError, ValueError) as error:
        return " ".join(str(error).split()) or "it says nothing"
    return ""


def _in_a_fork(work: Callable[[], str]) -> str:
    """Return what ``work`` returns in a copy of this process, or how that ended."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads
        child = os.fork()
    if child == 0:
        _run_and_exit(work, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        if not select.select([pipe], [], [], _PATIENCE)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return ""
        said = pipe.read().decode(errors="replace")
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended < 0:
        return f"it ends with {signal.Signals(-ended).name}"
    return said if ended == 0 else f"it ends with {ended}"


def _run_and_exit(work: Callable[[], str], writing: int) -> None:
    """Write what ``work`` returns; never comes back. What the library prints goes nowhere."""
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        faulthandler.disable()
        os.write(writing, work().encode()[:4096])
        code = 0
    finally:
        os._exit(code)
