"""Files as onnxruntime takes them, in the strict form that ONNX's own checker asks for.

Such as nodes in any order, operators in a version of ONNX that did not have them yet, and domains
that are not declared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
import onnx

from edgec.errors import Place
from edgec.frontends.limits import too_large
from edgec.frontends.onnx.tensors import graphs, malformed, tensor_array

_INITIALIZERS_ALONE = 4  # the first IR version where an initializer need not be an input
_MOST_SPARSE = 1 << 26  # bytes of a constant of which the file states a few elements only
_ELSEWHERE = "edgec.unchecked"  # a domain of which the checker knows nothing


def tidy(model: Any, place: Place) -> None:
    """Bring a ``ModelProto`` in order, in place.

    Nodes come behind those whose outputs they read, sparse constants are dense, of constants of one
    name the last stays, all domains are declared. ``model-too-large`` where a sparse constant is.
    """
    model.graph.name = "graph"  # nobody reads it, and the checker wants one
    if 0 < model.ir_version < _INITIALIZERS_ALONE:
        model.ir_version = _INITIALIZERS_ALONE
    for graph in reversed(list(graphs(model.graph))):  # inner ones first: outer nodes are copied
        for node in graph.node:
            node.domain = "" if node.domain == "ai.onnx" else node.domain
        _make_dense(graph, place)
        _keep_last(graph)
        _sort(graph)
    _declare_domains(model)


@contextmanager
def as_checked(model: Any) -> Iterator[None]:
    """Spare the checker what it does not take: outputs without a type or rank, other versions.

    Operators that the file's version of ONNX does not have, or has no more, are looked at by their
    importers, as onnxruntime has some of them in all versions.
    """
    values = (*model.graph.input, *model.graph.output)
    untyped = [each for each in model.graph.output if not each.type.WhichOneof("value")]
    for each in untyped:
        each.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    kinds = [each.type.tensor_type for each in values if each.type.HasField("tensor_type")]
    silent = [each for each in kinds if each.elem_type and not each.HasField("shape")]
    for each in silent:
        each.shape.SetInParent()
    moved = list(_of_other_versions(model))
    for node in moved:
        node.domain = _ELSEWHERE
    model.opset_import.append(onnx.helper.make_opsetid(_ELSEWHERE, 1))
    try:
        yield
    finally:
        for node in moved:
            node.domain = ""
        del model.opset_import[-1]
        for each in silent:
            each.ClearField("shape")
        for each in untyped:
            each.ClearField("type")


def _of_other_versions(model: Any) -> Iterator[Any]:
    """Yield the nodes of ONNX's own domain that its version in the file does not have."""
    version = max((each.version for each in model.opset_import if not each.domain), default=0)
    called = {(each.domain, each.name) for each in model.functions}
    known: dict[str, bool] = {}
    for graph in graphs(model.graph):
        for node in graph.node:
            if node.domain or ("", node.op_type) in called or not version:
                continue
            if node.op_type not in known:
                known[node.op_type] = _has(node.op_type, version)
            if not known[node.op_type]:
                yield node


def _has(op: str, version: int) -> bool:
    try:
        return not onnx.defs.get_schema(op, version).deprecated
    except onnx.defs.SchemaError:
        return False


def _make_dense(graph: Any, place: Place) -> None:
    for sparse in graph.sparse_initializer:
        graph.initializer.append(_dense(sparse, place))
    del graph.sparse_initializer[:]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.SPARSE_TENSOR and node.op_type == "Constant":
                attribute.t.CopyFrom(_dense(attribute.sparse_tensor, place))
                attribute.ClearField("sparse_tensor")
                attribute.name, attribute.type = "value", onnx.AttributeProto.TENSOR


def _dense(sparse: Any, place: Place) -> Any:
    """Return a ``SparseTensorProto`` as a tensor; a place is one number, or one for each axis."""
    values, places = tensor_array(sparse.values, place), tensor_array(sparse.indices, place)
    shape = tuple(max(0, extent) for extent in sparse.dims)
    size = values.itemsize * prod(shape)
    if size > _MOST_SPARSE:
        name = sparse.values.name
        raise too_large(f"sparse tensor {name!r}: all its elements", size, place, _MOST_SPARSE)
    array = np.zeros(shape, values.dtype)
    try:
        if places.ndim > 1:
            array[tuple(places.T)] = values
        else:
            array.reshape(-1)[places] = values
    except (IndexError, ValueError) as error:
        message = f"sparse tensor {sparse.values.name!r} cannot be read: {error}"
        raise malformed(message, place) from error
    return onnx.numpy_helper.from_array(array, sparse.values.name)


def _keep_last(graph: Any) -> None:
    """Drop constants that nobody can read: without a name, or with that of a later one."""
    last = {each.name: index for index, each in enumerate(graph.initializer)}
    kept = [each for i, each in enumerate(graph.initializer) if each.name and last[each.name] == i]
    if len(kept) < len(graph.initializer):
        copies = [onnx.TensorProto.FromString(each.SerializeToString()) for each in kept]
        del graph.initializer[:]
        graph.initializer.extend(copies)


def _sort(graph: Any) -> None:
    """Put nodes behind those whose outputs they read; in a cycle they stay as they are."""
    makers = {name: i for i, node in enumerate(graph.node) for name in node.output if name}
    needs = [
        {makers[name] for name in _reads(node) if name in makers} - {i}
        for i, node in enumerate(graph.node)
    ]
    if all(max(each, default=-1) < i for i, each in enumerate(needs)):
        return
    order: list[int] = []
    seen: set[int] = set()  # placed, or waiting for what it reads
    for start in range(len(needs)):
        todo = [] if start in seen else [start]
        while todo:
            current = todo[-1]
            seen.add(current)
            needs[current] -= seen
            if needs[current]:
                todo.append(min(needs[current]))
                continue
            order.append(todo.pop())
    nodes = [onnx.NodeProto.FromString(graph.node[i].SerializeToString()) for i in order]
    del graph.node[:]
    graph.node.extend(nodes)


def _reads(node: Any) -> Iterator[str]:
    """Yield the names that a node reads, also in the graphs that it holds."""
    yield from node.input
    for attribute in node.attribute:
        for held in (attribute.g, *attribute.graphs):
            for graph in graphs(held):
                for each in graph.node:
                    yield from each.input
                yield from (value.name for value in graph.output)


def _declare_domains(model: Any) -> None:
    """Declare domains that are used all the same; those of functions are ONNX's own business."""
    declared = {each.domain for each in model.opset_import} | {"", "ai.onnx"}
    used = {node.domain for graph in graphs(model.graph) for node in graph.node}
    for domain in sorted(used - declared):
        model.opset_import.append(onnx.helper.make_opsetid(domain, 1))
