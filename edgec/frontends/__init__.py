"""Model files -> graphs. The one place that knows file formats."""

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from edgec.frontends.constant_outputs import with_fixed_outputs
from edgec.frontends.files import format_of, read_file
from edgec.frontends.shapes import Shapes
from edgec.frontends.sound import check_sound
from edgec.ir import Graph
from edgec.ops.registry import Format

__all__ = ["LoadedModel", "load"]

_LOADERS = {
    Format.ONNX: ("edgec.frontends.onnx.load", "load_onnx"),
    Format.TFLITE: ("edgec.frontends.tflite.load", "load_tflite"),
    Format.EDGEC: ("edgec.frontends.target", "load_target"),
}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model and where it came from; ``sha256`` is of the file, in hexadecimal."""

    graph: Graph
    source_format: Format
    sha256: str


def load(path: Path, shapes: Shapes = MappingProxyType({})) -> LoadedModel:
    """Load a model; the content of the file decides the format, not its name.

    ``shapes`` are those of inputs with open axes, by name. Errors: ``file-not-found``,
    ``unreadable-file``, ``unknown-format``, ``model-too-large``, and those of the format's own
    loader.
    """
    data = read_file(path)
    source_format = format_of(data, path)
    loader = _loader(source_format)
    graph = with_fixed_outputs(loader(path, shapes), path)
    check_sound(graph, path)
    return LoadedModel(graph, source_format, hashlib.sha256(data).hexdigest())


def _loader(source_format: Format) -> Callable[[Path, Shapes], Graph]:
    """Import only the format in use: each pulls in its own large library."""
    module, function = _LOADERS[source_format]
    loader: Callable[[Path, Shapes], Graph] = getattr(importlib.import_module(module), function)
    return loader
