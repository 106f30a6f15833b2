"""ONNX nodes decoded to plain Python values, and what to say about those nobody imports."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import onnx

from edgec.errors import EdgecError, Place
from edgec.frontends.onnx.refusals import refusal
from edgec.frontends.onnx.tensors import malformed, tensor_array
from edgec.ops.registry import SourceNode

_SHOWN = 5  # nodes named in an error


def operator_key(node: Any) -> str:
    """Return the name of a node's operator; other domains than ONNX's own are spelled out."""
    domain = node.domain if node.domain not in {"", "ai.onnx"} else ""
    return f"{domain}::{node.op_type}" if domain else str(node.op_type)


def attributes(node: Any, place: Place) -> dict[str, Any]:
    """Return a node's attributes as plain values; tensors as arrays, subgraphs as a word."""
    return {each.name: _attribute(each, place) for each in node.attribute}


def unread(source: SourceNode, node: Any, opset: int) -> list[str]:
    """Return the attributes no importer asked for, with values; those at their default are fine."""
    names = [name for name in source.unread() if source.attrs[name] != _default(node, name, opset)]
    return [f"{name} = {source.attrs[name]!r}" for name in names]


def unsupported(missing: Mapping[str, Sequence[str]], place: Place) -> Iterator[EdgecError]:
    """Yield one error per operator that has no importer, naming its nodes."""
    for key, nodes in missing.items():
        times = "once" if len(nodes) == 1 else f"{len(nodes)} times"
        others = [f"also node {name!r}" for name in nodes[1:_SHOWN]]
        others += [f"and {len(nodes) - _SHOWN} more"] if len(nodes) > _SHOWN else []
        told = refusal(key)
        why = f": {told.why}" if told.why else ""
        yield EdgecError(
            "unsupported-operator",
            f"operator {key} is not supported (used {times}){why}",
            place=Place(place.file, f"node {nodes[0]!r}"),
            help=told.help,
            notes=others,
        )


def _attribute(attribute: Any, place: Place) -> Any:
    kinds = onnx.AttributeProto
    if attribute.type in {kinds.GRAPH, kinds.GRAPHS}:
        return "subgraph"
    if attribute.type == kinds.TENSOR:
        return tensor_array(attribute.t, place)
    try:
        return _plain(onnx.helper.get_attribute_value(attribute))
    except (ValueError, TypeError) as error:
        raise malformed(f"attribute {attribute.name!r} cannot be read: {error}", place) from error


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, (int, float)):
        return value
    return [_plain(each) for each in value]


def _default(node: Any, name: str, opset: int) -> Any:
    """Return the standard's default of an attribute, None where there is none."""
    try:
        attribute = onnx.defs.get_schema(node.op_type, opset, node.domain).attributes[name]
        return _plain(onnx.helper.get_attribute_value(attribute.default_value))
    except (onnx.defs.SchemaError, KeyError, ValueError, TypeError):
        return None
