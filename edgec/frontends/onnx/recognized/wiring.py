"""The wiring of an ONNX graph: who makes what of what; parts of it run, and replaced."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from edgec.ir import Array

DOMAIN = "edgec"
"""The domain of operators that stand for what was recognized."""
_MOST_NODES = 3000
_MOST_ELEMENTS = 1 << 24


class Wiring:
    """The nodes of a model, looked at from the values between them."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.makers = {name: node for node in model.graph.node for name in node.output if name}
        self.constants = {each.name: each for each in model.graph.initializer}
        self.inputs = [e.name for e in model.graph.input if e.name not in self.constants]
        self.outputs = [each.name for each in model.graph.output]

    def of_type(self, *types: str) -> list[Any]:
        """Return the nodes of some operators, in their order."""
        return [node for node in self.model.graph.node if node.op_type in types]

    def constant(self, name: str) -> Array | None:
        """Return the array of an initializer or of a Constant node, None for anything else."""
        if name in self.constants:
            return np.asarray(numpy_helper.to_array(self.constants[name]))
        maker = self.makers.get(name)
        if maker is not None and maker.op_type == "Constant":
            tensors = [each.t for each in maker.attribute if each.name == "value"]
            return np.asarray(numpy_helper.to_array(tensors[0])) if tensors else None
        return None

    def arrays(self, nodes: Sequence[Any]) -> list[Array]:
        """Return all constants that nodes read."""
        names = dict.fromkeys(name for node in nodes for name in node.input)
        return [each for name in names if (each := self.constant(name)) is not None]

    def between(
        self, outputs: Collection[str], inputs: Collection[str], types: Collection[str]
    ) -> list[Any] | None:
        """Return the nodes that make outputs from inputs and constants alone.

        None where something else is read, or a node is of none of ``types``.
        """
        found: set[int] = set()
        waiting = [name for name in outputs if name not in inputs]
        while waiting:
            name = waiting.pop()
            node = self.makers.get(name)
            if node is None:
                if name in self.constants or not name:
                    continue
                return None
            if node.op_type not in types:
                return None
            if id(node) not in found:
                found.add(id(node))
                waiting += [each for each in node.input if each not in inputs]
        nodes = [node for node in self.model.graph.node if id(node) in found]
        return nodes if 0 < len(nodes) <= _MOST_NODES else None

    def run(
        self, nodes: Sequence[Any], given: Mapping[str, Array], wanted: Sequence[str]
    ) -> list[Array] | None:
        """Return what nodes make of values, by onnxruntime; None where it cannot tell."""
        read = {name for node in nodes for name in node.input}
        used = [each for name, each in self.constants.items() if name in read]
        if sum(int(np.prod(each.dims)) for each in used) > _MOST_ELEMENTS:
            return None
        ends = [helper.make_tensor_value_info(each, 0, None) for each in wanted]
        for end in ends:
            end.ClearField("type")
        begins = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
            )
            for name, array in given.items()
        ]
        graph = helper.make_graph(list(nodes), "part", begins, ends, used)
        part = helper.make_model(
            graph, opset_imports=self.model.opset_import, ir_version=self.model.ir_version
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        try:
            session = onnxruntime.InferenceSession(
                part.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
            return [np.asarray(each) for each in session.run(list(wanted), dict(given))]
        except Exception:  # noqa: BLE001 - whatever it is, this is no model that is known
            return None

    def replace(self, nodes: Sequence[Any], made: Sequence[Any]) -> None:
        """Put nodes in the place of others; those that are still needed stay."""
        graph, outputs = self.model.graph, {name for each in made for name in each.output}
        listed = list(graph.node)
        places = {id(node) for node in nodes}
        first = next(index for index, node in enumerate(listed) if id(node) in places)
        gone = {id(node) for node in nodes if outputs.intersection(node.output)}
        kept = [node for node in listed if id(node) not in gone]
        while True:
            read = {name for node in (*kept, *made) for name in node.input} | {*self.outputs}
            dead = {id(n) for n in kept if id(n) in places and not read.intersection(n.output)}
            if not dead:
                break
            kept = [n for n in kept if id(n) not in dead]
        left = {id(node) for node in kept}
        before = [node for node in listed[:first] if id(node) in left]
        after = [node for node in listed[first:] if id(node) in left]
        del graph.node[:]
        graph.node.extend([*before, *made, *after])
        if DOMAIN not in {each.domain for each in self.model.opset_import}:
            self.model.opset_import.append(helper.make_opsetid(DOMAIN, 1))


def attribute(node: Any, name: str, default: Any = None) -> Any:
    """Return the value of a node's attribute."""
    found = [each for each in node.attribute if each.name == name]
    return helper.get_attribute_value(found[0]) if found else default


def tensor(name: str, array: Array) -> Any:
    """Return an attribute's value that holds an array."""
    return numpy_helper.from_array(np.ascontiguousarray(array), name)


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> Any:
    """Return a node of our own domain."""
    name = f"{op}/{outputs[0]}"
    return helper.make_node(op, inputs, outputs, name=name, domain=DOMAIN, **attributes)


def input_features(model: Any, name: str) -> int:
    """Return the extent of the last axis of an input; 0 where it is open."""
    for each in model.graph.input:
        dims = each.type.tensor_type.shape.dim
        is_float = each.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        if each.name == name and is_float and len(dims) == 2:  # noqa: PLR2004
            return int(dims[1].dim_value)
    return 0
