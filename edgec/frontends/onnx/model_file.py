"""Reads an ONNX file: bytes to a checked model whose tensors are all in memory.

Model files are untrusted: external data must lie inside the model's folder, and everything the
protobuf and ONNX libraries raise on a broken file becomes an :class:`EdgecError` here.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import onnx
import onnx.inliner
from google.protobuf.message import (  # type: ignore[import-untyped]
    DecodeError,
    EncodeError,
)

from edgec.errors import EdgecError, Place, raise_all
from edgec.frontends.files import read_file
from edgec.frontends.limits import MAX_FILE, too_large
from edgec.frontends.onnx.blocks import BLOCK_FORMS
from edgec.frontends.onnx.dynamic import without_dynamic_quantization
from edgec.frontends.onnx.functions import inlined_nodes
from edgec.frontends.onnx.fused import FUSED_FORMS
from edgec.frontends.onnx.half import widen
from edgec.frontends.onnx.qlinear import INTEGER_FORMS
from edgec.frontends.onnx.qonnx import QONNX_FORMS
from edgec.frontends.onnx.recognized.recognize import recognize
from edgec.frontends.onnx.spelling import spell_out
from edgec.frontends.onnx.tensors import graphs, malformed, tensors
from edgec.frontends.onnx.tidy import as_checked, tidy

MAX_NODES = 10_000
OLDEST_OPSET = 7


def read_model(path: Path) -> Any:
    """Return the ``onnx.ModelProto`` in ``path``: valid, functions inlined, no external data left.

    Half precision has become float32; QLinear operators have become DequantizeLinear, the operator
    and QuantizeLinear; fused operators have become those of the standard; what is quantized
    dynamically is in floats. Raises ``malformed-model``, ``unsupported-opset``, ``external-data``,
    ``model-too-large`` and what :func:`read_file` raises.
    """
    place = Place(str(path))
    model = _parse(path, place)
    _check_versions(model, place)
    if not all(isinstance(text, str) for text in _names(model.graph)):
        raise malformed("it holds names that are no valid UTF-8", place)
    _load_external_data(model, path)
    nodes = inlined_nodes(model)
    if nodes > MAX_NODES:
        message = f"the model has {nodes} nodes, more than {MAX_NODES}"
        raise EdgecError("model-too-large", message, place=place, help="give a smaller model")
    model = _checked(model, place)
    widen(model, place)
    spell_out(model, {**INTEGER_FORMS, **FUSED_FORMS, **QONNX_FORMS, **BLOCK_FORMS})
    without_dynamic_quantization(model)
    recognize(model)
    return model


def opset(model: Any) -> int:
    """Return the version of the standard operator set the model uses (0 where it states none)."""
    versions = [each.version for each in model.opset_import if each.domain in {"", "ai.onnx"}]
    return int(max(versions, default=0))


def _parse(path: Path, place: Place) -> Any:
    try:
        return onnx.load_model_from_string(read_file(path))
    except (DecodeError, ValueError) as error:
        raise malformed(f"this is not an ONNX file: {error}", place) from error


def _check_versions(model: Any, place: Place) -> None:
    version, newest = opset(model), onnx.defs.onnx_opset_version()
    if not model.graph.node and not model.graph.output:
        raise malformed("this is not an ONNX file: it holds no graph", place)
    if version and not OLDEST_OPSET <= version <= newest:
        message = f"the model uses opset {version}; {OLDEST_OPSET} to {newest} can be read"
        raise EdgecError(
            "unsupported-opset",
            message,
            place=place,
            help="export it with opset_version=17, or install a newer onnx package",
        )


def _names(graph: Any) -> Iterator[Any]:
    """Yield every name in a graph; protobuf gives bytes for those that are no valid text."""
    for each in (*graph.input, *graph.output, *graph.initializer):
        yield each.name
    for node in (node for each in graphs(graph) for node in each.node):
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        yield from (each.name for each in node.attribute)


def _checked(model: Any, place: Place) -> Any:
    """Return the model with its functions inlined; it may leave the rank of its ends open."""
    try:
        tidy(model, place)
        with as_checked(model):
            onnx.checker.check_model(model)
        return onnx.inliner.inline_local_functions(model) if model.functions else model
    except EncodeError as error:  # protobuf's limit of 2 GiB
        hint = "give a smaller model"
        raise EdgecError("model-too-large", f"{error}", place=place, help=hint) from error
    except (onnx.checker.ValidationError, RuntimeError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:500]
        raise malformed(f"the ONNX checker rejects the model: {reason}", place) from error


def _load_external_data(model: Any, path: Path) -> None:
    total, problems = 0, dict[str, EdgecError]()
    for tensor in tensors(model.graph):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            try:
                tensor.raw_data = _external_bytes(tensor, path, MAX_FILE - total)
            except EdgecError as error:
                problems.setdefault(error.message, error)
            total += len(tensor.raw_data)
            tensor.data_location = onnx.TensorProto.DEFAULT
            del tensor.external_data[:]
    raise_all(list(problems.values()))


def _external_bytes(tensor: Any, path: Path, limit: int) -> bytes:
    place = Place(str(path), f"tensor {tensor.name!r}")
    entries = {each.key: each.value for each in tensor.external_data}
    file = _inside_folder(entries.get("location", ""), path.parent, place)
    try:
        offset, length = (int(entries.get(key) or 0) for key in ("offset", "length"))
        size = file.stat().st_size
        length = length or size - offset
        if offset < 0 or length < 0 or offset + length > size:
            message = f"bytes {offset} to {offset + length} of {file.name} ({size} bytes)"
            raise _external(f"the tensor's data would be {message}", place)
        if length > limit:
            raise too_large(
                "the tensor with all before it", MAX_FILE - limit + length, place, MAX_FILE
            )
        with file.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)
    except (OSError, ValueError) as error:
        raise _external(f"cannot read the tensor's data: {error}", place) from error


def _inside_folder(location: str, folder: Path, place: Place) -> Path:
    """Return the file a location means; neither ``..`` nor a link may leave the folder."""
    parts = PurePosixPath(location).parts
    absolute = PurePosixPath(location).is_absolute() or PureWindowsPath(location).drive
    if not parts or absolute or ".." in parts or "\0" in location:
        raise _external(f"the tensor's data would be in {location!r}", place)
    file = (folder / location).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        message = f"the tensor's data is in {location!r}, which is no file in the model's folder"
        raise _external(message, place)
    return file


def _external(message: str, place: Place) -> EdgecError:
    return EdgecError(
        "external-data",
        message,
        place=place,
        help="put the data file beside the model as it was exported, or export with "
        "external_data=False",
    )
