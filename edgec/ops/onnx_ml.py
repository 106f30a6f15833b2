"""Operators of ai.onnx.ml that skl2onnx puts around a network, as arithmetic."""

from collections.abc import Sequence

import numpy as np

from edgec.errors import EdgecError
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.constants import add_or_fold
from edgec.ops.mul import Mul
from edgec.ops.registry import IMPORTERS, Format, SourceNode, importer
from edgec.ops.sub import Sub

_LAST = -1


@importer(Format.ONNX, "ai.onnx.ml::Scaler")
def _scaler(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """(x - offset) * scale, one of each per feature or one in all."""
    x = node.input(0)
    features = g.type(x).shape[-1:]
    offset = _per_feature(node, "offset", 0.0, features)
    scale = _per_feature(node, "scale", 1.0, features)
    if not offset.any():
        return add_or_fold(node, g, Mul(), [x, g.constant(f"{node.name}.scale", scale)])
    shifted = add_or_fold(
        node.part(suffix="shifted"), g, Sub(), [x, g.constant(f"{node.name}.offset", offset)]
    )
    return add_or_fold(node, g, Mul(), [*shifted, g.constant(f"{node.name}.scale", scale)])


def _per_feature(node: SourceNode, name: str, default: float, features: tuple[int, ...]) -> Array:
    values = np.array(node.numbers(name, default=(default,)), np.float32)
    if values.size not in {1, *features}:
        message = f"{values.size} values of {name!r} for features {features}"
        raise node.reject(message, code="malformed-model")
    return values


@importer(Format.ONNX, "ai.onnx.ml::ArrayFeatureExtractor")
def _features(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import the selection of features as Gather along the last axis."""
    indices = node.constant(g, 1).reshape(-1).astype(np.int64)
    gather = SourceNode(
        node.format,
        "Gather",
        node.name,
        (node.input(0), g.constant(f"{node.name}.indices", indices)),
        node.outputs,
        {"axis": _LAST},
        node.place,
        version=node.version,
    )
    return IMPORTERS[Format.ONNX, "Gather"](gather, g)


@importer(Format.ONNX, "ai.onnx.ml::ZipMap")
def _zip_map(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    raise _not_here(node, "a table of classes", "convert with options={'zipmap': False}")


@importer(Format.ONNX, "ai.onnx.ml::LabelEncoder")
def _label_encoder(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    advice = "end the model at the scores, and name the classes in the application"
    raise _not_here(node, "labels", advice)


def _not_here(node: SourceNode, what: str, advice: str) -> EdgecError:
    return node.reject(f"{what} are no tensor", code="unsupported-operator", help=advice)
