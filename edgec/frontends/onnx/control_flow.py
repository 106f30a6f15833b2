"""Branches and loops of ONNX written out, where what they depend on is known at import.

An If is the nodes of one branch, a Loop or Scan those of its body once for each turn. Nodes are
handed out in groups: what a loop's condition has become is asked for after each turn.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from edgec.errors import EdgecError, Place
from edgec.frontends.onnx.model_file import MAX_NODES
from edgec.ir import Array

CONTROL_FLOW = frozenset({"If", "Loop", "Scan"})
"""Operators of ONNX's own domain that hold graphs."""
_AXES_ARE_INPUT = 13  # of Unsqueeze, from this opset on
_SCAN_WITHOUT_BATCH = 9  # before, scans had a batch axis
_MOST_COPIED = 20 * MAX_NODES
"""Nodes copied for the turns of one loop, those in branches that no turn takes among them."""
_NO_CONTROL_FLOW = "edgec builds graphs without branches and loops that are decided while they run"


@dataclass(frozen=True, slots=True)
class Scope:
    """What can be asked of values by name while nodes are imported."""

    known: Callable[[str], Array | None]
    shape: Callable[[str], tuple[int, ...] | None]
    opset: int


def written_out(node: Any, scope: Scope, place: Place) -> Iterator[list[Any]]:
    """Yield groups of nodes (``NodeProto``) that stand for an If, Loop or Scan.

    Raises ``unsupported-operator`` where it depends on what is computed at run time.
    """
    yield from _FORMS[node.op_type](_Holder(node, scope, place))


@dataclass(frozen=True, slots=True)
class _Holder:
    """A node that holds graphs."""

    node: Any
    scope: Scope
    place: Place

    def attribute(self, name: str, default: Any = None) -> Any:
        found = next((each for each in self.node.attribute if each.name == name), None)
        return default if found is None else onnx.helper.get_attribute_value(found)

    def given(self, index: int) -> str:
        return self.node.input[index] if index < len(self.node.input) else ""

    def constant(self, index: int, what: str) -> Array:
        """Return an input that has to be known; ``what`` it is, for the error."""
        array = self.scope.known(self.given(index))
        if array is None:
            raise self.refused(f"{what} ({self.given(index)!r}) is computed at run time")
        return array

    def refused(self, why: str) -> EdgecError:
        return EdgecError(
            "unsupported-operator",
            f"{self.node.op_type}: {why}",
            place=self.place,
            help=f"{_NO_CONTROL_FLOW}: export with the branch or the number of turns fixed (e.g. "
            "fixed input shapes, torch.jit.trace), or simplify the file with onnxsim",
        )

    def unsqueezed(self, name: str, axis: int) -> tuple[str, list[Any]]:
        """Return a name for a value with one axis more, and the nodes that make it."""
        wide = f"{name}/with_axis"
        if self.scope.opset < _AXES_ARE_INPUT:
            return wide, [onnx.helper.make_node("Unsqueeze", [name], [wide], axes=[axis])]
        axes = f"{wide}/axes"
        return wide, [
            onnx.helper.make_node("Constant", [], [axes], value_ints=[axis]),
            onnx.helper.make_node("Unsqueeze", [name, axes], [wide]),
        ]

    def stacked(self, names: list[str], axis: int, output: str) -> list[Any]:
        """Return the nodes that stack what each turn made."""
        if not names:
            raise self.refused(f"it makes no turn, and output {output!r} would be empty")
        wide = [self.unsqueezed(each, axis) for each in names]
        nodes = [node for _, group in wide for node in group]
        joined = [name for name, _ in wide]
        return [*nodes, onnx.helper.make_node("Concat", joined, [output], axis=axis)]

    def turn(
        self, graph: Any, prefix: str, bound: Mapping[str, str]
    ) -> tuple[list[str], list[Any]]:
        """Return the names of a graph's results and its nodes, all names under ``prefix``.

        ``bound`` says which names of the model its inputs are.
        """
        names = {**_own_names(graph, prefix), **bound}
        nodes = [_constant(each, names[each.name]) for each in graph.initializer]
        nodes += [_renamed(each, names, prefix) for each in graph.node]
        return [names.get(each.name, each.name) for each in graph.output], nodes


def _branch(holder: _Holder) -> Iterator[list[Any]]:
    """Write out the branch that is taken."""
    taken = bool(holder.constant(0, "its condition").reshape(-1)[:1].any())
    which = "then_branch" if taken else "else_branch"
    prefix = f"{_first(holder.node)}/{which}"
    results, nodes = holder.turn(holder.attribute(which), prefix, {})
    yield [*nodes, *_identities(results, holder.node.output)]


def _loop(holder: _Holder) -> Iterator[list[Any]]:
    """Write out turns until their number is reached or the condition is false."""
    body = holder.attribute("body")
    turns = int(holder.constant(0, "the number of turns").item()) if holder.given(0) else None
    goes_on = bool(holder.constant(1, "its condition").item()) if holder.given(1) else True
    carried = list(holder.node.input[2:])
    scanned: list[list[str]] = [[] for _ in body.output[1 + len(carried) :]]
    inputs = [each.name for each in body.input]
    size = _nodes_inside(body)
    done = count = 0
    while goes_on and (turns is None or done < turns):
        _check_copied(holder, size * (done + 1))
        prefix = f"{_first(holder.node)}/turn_{done}"
        start = [
            _number(np.array(done, np.int64), f"{prefix}/number"),
            _number(np.array(True), f"{prefix}/goes_on"),
        ]
        starts = [each.output[0] for each in start]
        (condition, *results), nodes = holder.turn(
            body, prefix, dict(zip(inputs, [*starts, *carried], strict=True))
        )
        count += len(start) + len(nodes)
        _check_count(holder, count)
        yield [*start, *nodes]
        carried = results[: len(carried)]
        for names, name in zip(scanned, results[len(carried) :], strict=True):
            names.append(name)
        done += 1
        if turns is None or done < turns:
            known = holder.scope.known(condition)
            if known is None:
                raise holder.refused(f"whether turn {done} follows is computed at run time")
            goes_on = bool(known.item())
    outputs = list(holder.node.output)
    last = list(_identities(carried, outputs[: len(carried)]))
    for names, output in zip(scanned, outputs[len(carried) :], strict=False):
        last += holder.stacked(names, 0, output) if output else []
    yield last


def _scan(holder: _Holder) -> Iterator[list[Any]]:
    """Write out a turn for each element along the axes that are scanned."""
    if holder.scope.opset < _SCAN_WITHOUT_BATCH:
        raise holder.refused(f"the form of opset {holder.scope.opset}")
    body, number = holder.attribute("body"), int(holder.attribute("num_scan_inputs"))
    names = list(holder.node.input)
    carried, scanned = names[: len(names) - number], names[len(names) - number :]
    axes = list(holder.attribute("scan_input_axes", [0] * number))
    backwards = list(holder.attribute("scan_input_directions", [0] * number))
    if not scanned:
        raise holder.refused("it scans nothing")
    shape = holder.scope.shape(scanned[0])
    if shape is None:
        raise holder.refused(f"the shape of {scanned[0]!r} is computed at run time")
    turns, made = shape[axes[0]], len(body.output) - len(carried)
    _check_copied(holder, turns * _nodes_inside(body))
    results: list[list[str]] = [[] for _ in range(made)]
    for done in range(turns):
        prefix = f"{_first(holder.node)}/turn_{done}"
        nodes: list[Any] = []
        elements: list[str] = []
        for index, (name, axis) in enumerate(zip(scanned, axes, strict=True)):
            place = turns - 1 - done if backwards[index] else done
            which, element = f"{prefix}/place_{index}", f"{prefix}/element_{index}"
            nodes.append(_number(np.array(place, np.int64), which))
            nodes.append(onnx.helper.make_node("Gather", [name, which], [element], axis=axis))
            elements.append(element)
        inputs = [each.name for each in body.input]
        bound = dict(zip(inputs, [*carried, *elements], strict=True))
        after, turn = holder.turn(body, prefix, bound)
        _check_count(holder, turns * (len(turn) + len(nodes)))
        yield [*nodes, *turn]
        carried = after[: len(carried)]
        for stack, name in zip(results, after[len(carried) :], strict=True):
            stack.append(name)
    outputs = list(holder.node.output)
    last = list(_identities(carried, outputs[: len(carried)]))
    out_axes = list(holder.attribute("scan_output_axes", [0] * made))
    turned = list(holder.attribute("scan_output_directions", [0] * made))
    for index, output in enumerate(outputs[len(carried) :]):
        stack = results[index][::-1] if turned[index] else results[index]
        last += holder.stacked(stack, out_axes[index], output) if output else []
    yield last


_FORMS: Mapping[str, Callable[[_Holder], Iterator[list[Any]]]] = {
    "If": _branch,
    "Loop": _loop,
    "Scan": _scan,
}


def _check_count(holder: _Holder, count: int) -> None:
    if count > MAX_NODES:
        raise EdgecError(
            "model-too-large",
            f"{holder.node.op_type}: its turns are {count} nodes, more than {MAX_NODES}",
            place=holder.place,
            help="give a smaller model, or one with fewer turns",
        )


def _check_copied(holder: _Holder, count: int) -> None:
    if count > _MOST_COPIED:
        raise EdgecError(
            "model-too-large",
            f"{holder.node.op_type}: its turns copy {count} nodes with their branches, more than "
            f"{_MOST_COPIED}",
            place=holder.place,
            help="give a smaller model, or one with fewer turns",
        )


def _nodes_inside(graph: Any) -> int:
    """Return how many nodes a graph has, those of the graphs in it included."""
    inner = (
        each
        for node in graph.node
        for attribute in node.attribute
        for each in (attribute.g, *attribute.graphs)
    )
    return len(graph.node) + sum(map(_nodes_inside, inner))


def _first(node: Any) -> str:
    return str(next((each for each in node.output if each), node.name or node.op_type))


def _identities(names: list[str], outputs: Any) -> Iterator[Any]:
    for name, output in zip(names, outputs, strict=False):
        if output:
            yield onnx.helper.make_node("Identity", [name], [output], name=f"{output}/result")


def _number(array: Array, name: str) -> Any:
    value = onnx.numpy_helper.from_array(array)
    return onnx.helper.make_node("Constant", [], [name], name=name, value=value)


def _constant(tensor: Any, name: str) -> Any:
    return onnx.helper.make_node("Constant", [], [name], name=name, value=tensor)


def _own_names(graph: Any, prefix: str) -> dict[str, str]:
    """Return new names for what a graph makes by itself."""
    made = [each.name for each in graph.initializer]
    made += [name for node in graph.node for name in node.output if name]
    return {name: f"{prefix}/{name}" for name in made}


def _renamed(node: Any, names: Mapping[str, str], prefix: str) -> Any:
    """Return a copy of a node with its values called by their new names, in its graphs as well."""
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = f"{prefix}/{node.name}" if node.name else ""
    copy.input[:] = [names.get(each, each) for each in node.input]
    copy.output[:] = [names.get(each, each) for each in node.output]
    for attribute in copy.attribute:
        for graph in (attribute.g, *attribute.graphs):
            _rename_inside(graph, names)
    return copy


def _rename_inside(graph: Any, names: Mapping[str, str]) -> None:
    """Call values from outside by their new names, in place; what a graph makes itself stays."""
    own = {each.name for each in (*graph.input, *graph.initializer)}
    own.update(name for node in graph.node for name in node.output)
    outer = {old: new for old, new in names.items() if old not in own}
    for node in graph.node:
        node.input[:] = [outer.get(each, each) for each in node.input]
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _rename_inside(inner, outer)
    for value in graph.output:
        value.name = outer.get(value.name, value.name)
