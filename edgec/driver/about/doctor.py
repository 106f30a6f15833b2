"""``edgec doctor``: looks for all that builds, runs and comparisons need."""

import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec

from edgec.backends.cmsis_nn import source as cmsis_nn
from edgec.errors import EdgecError
from edgec.firmware.toolchain import find_tool, tool_version
from edgec.targets.architecture import ToolSpec
from edgec.targets.cpu import ARCHITECTURES

_PYTHON = (3, 11)
_ORACLES = {"tflite_runtime": "tflite-runtime", "ai_edge_litert": "ai-edge-litert"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for; ``detail`` is where it is, or how to get it."""

    name: str
    ok: bool
    needed: bool
    version: str
    detail: str


def examine() -> list[Finding]:
    """Look at Python, packages, CMSIS-NN, tools and the oracle; never raises."""
    return [_python(), *_packages(), _cmsis_nn(), *_tools(), _oracle()]


def _python() -> Finding:
    ok = sys.version_info[:2] >= _PYTHON
    detail = sys.executable if ok else "edgec needs Python 3.11 or newer"
    return Finding("Python", ok, True, platform.python_version(), detail)


def _packages() -> list[Finding]:
    return [_package(name) for name in _required_packages()]


def _required_packages() -> list[str]:
    """Return the names of edgec's own requirements, without extras."""
    try:
        lines = metadata.requires("edgec") or []
    except metadata.PackageNotFoundError:
        lines = []
    plain = [line for line in lines if "extra ==" not in line]
    names = [line.split(";")[0].strip(" ()").split(" ")[0] for line in plain]
    return [name.split("=")[0].split(">")[0].split("<")[0].split("!")[0] for name in names]


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, True, metadata.version(name), "")
    except metadata.PackageNotFoundError:
        return Finding(name, False, True, "", f"pip install {name}")


def _cmsis_nn() -> Finding:
    try:
        library = cmsis_nn.find()
    except EdgecError as error:
        found = f"{error.place}: {error.message}; {error.help}"
        return Finding("CMSIS-NN", False, True, "", found)
    return Finding("CMSIS-NN", True, True, library.revision, library.origin)


def _tools() -> list[Finding]:
    return [
        _tool(spec, architecture.optional)
        for architecture in ARCHITECTURES.values()
        for spec in architecture.programs
    ]


def _tool(spec: ToolSpec, note: str) -> Finding:
    needed = not note
    try:
        path = find_tool(spec)
        return Finding(spec.program, True, needed, tool_version(spec), str(path))
    except EdgecError as error:
        detail = "; ".join(part for part in (note, error.message, error.help) if part)
        return Finding(spec.program, False, needed, "", detail)


def _oracle() -> Finding:
    for module, package in _ORACLES.items():
        if find_spec(module) is not None:
            name = f"TFLite interpreter ({package})"
            return Finding(name, True, False, metadata.version(package), "the tests' oracle")
    detail = "only for the tests: pip install 'edgec[oracle]'"
    return Finding("TFLite interpreter", False, False, "", detail)
