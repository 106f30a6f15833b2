"""The independent judge: a TFLite interpreter with its reference kernels.

``tflite-runtime`` 2.14 is the golden one (docs/numerics.md); ``ai-edge-litert`` stands in where
it does not install, and rounds fully connected layers differently: ``exact=True`` refuses it.
"""

import importlib.util
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from edgec.driver.output import OutputInfo
from edgec.ir import Array

INSTALL = "pip install 'edgec[oracle]'"
Name = TypeVar("Name", bound=str)  # also a ValueName: the keys of a Mapping are invariant


@cache
def _module() -> Any:
    for name in ("tflite_runtime.interpreter", "ai_edge_litert.interpreter"):
        if importlib.util.find_spec(name.partition(".")[0]):
            return importlib.import_module(name)
    return None


def is_golden() -> bool:
    """Say whether the interpreter is the one whose arithmetic is ours."""
    return _module() is not None and _module().__name__.startswith("tflite_runtime")


def require(*, exact: bool = False) -> Any:
    """Return the interpreter's module; skip the test where there is none, fail where CI has to."""
    module = _module()
    if module is not None and (is_golden() or not exact):
        return module
    wanted = "tflite-runtime 2.14" if exact else "a TFLite interpreter"
    if os.environ.get("EDGEC_REQUIRE_TOOLS") == "1" and sys.version_info[:2] == (3, 11):
        pytest.fail(f"{wanted} is missing: {INSTALL}")
    pytest.skip(f"{wanted} is not installed: {INSTALL}")


class Oracle:
    """One model, loaded once and run on many inputs."""

    def __init__(self, model: bytes, *, exact: bool = False) -> None:
        module = require(exact=exact)
        self._interpreter = module.Interpreter(
            model_content=model,
            experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF,
        )
        self._interpreter.allocate_tensors()

    def run(self, inputs: Mapping[Name, Array]) -> dict[str, Array]:
        """Return the outputs by tensor name; inputs have the shapes and types of the file."""
        details = self._interpreter.get_input_details()
        assert sorted(inputs) == sorted(each["name"] for each in details)
        for each in details:
            self._interpreter.set_tensor(each["index"], inputs[each["name"]])
        self._interpreter.invoke()
        return {
            each["name"]: np.array(self._interpreter.get_tensor(each["index"]))
            for each in self._interpreter.get_output_details()
        }


def exported(built: OutputInfo) -> Path:
    """Return the .tflite that a build wrote beside its firmware."""
    return built.folder / f"{built.name}.tflite"


def run_tflite(
    model: bytes, inputs: Mapping[Name, Array], *, exact: bool = False
) -> dict[str, Array]:
    """Run a .tflite once; arrays go by tensor name."""
    return Oracle(model, exact=exact).run(inputs)
