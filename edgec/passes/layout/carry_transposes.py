"""Carries transposes forward through a graph, past every operator that can do without them.

Each old value is stored as some new value with permuted axes. A transpose changes only the
bookkeeping; operators that follow a permutation take over that of their inputs; where the order of
axes is fixed, what is stored is brought into that order, and only there is a node made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, Graph, Node, TensorType, ValueName
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import Operator
from edgec.passes.layout.permutations import (
    Perm,
    compose,
    identity,
    inverse,
    is_unit_reshape,
    moves_no_data,
    permuted,
    through_unit_reshape,
)
from edgec.passes.rewrite import unused


@dataclass(frozen=True, slots=True)
class Stored:
    """An old value is kept as ``value``, which is the old one transposed by ``perm``."""

    value: ValueName
    perm: Perm


@dataclass(eq=False)
class Propagation:
    """One walk over a graph. ``input_perms`` permute the graph's inputs, absent ones stay."""

    graph: Graph
    input_perms: Mapping[ValueName, Perm]
    moved: int = 0  # elements that transposes still move
    nodes: list[Node] = field(default_factory=list)
    types: dict[ValueName, TensorType] = field(default_factory=dict)
    constants: dict[ValueName, Array] = field(default_factory=dict)
    layouts: dict[ValueName, Perm] = field(default_factory=dict)
    _stored: dict[ValueName, Stored] = field(default_factory=dict)
    _brought: dict[tuple[ValueName, Perm], ValueName] = field(default_factory=dict)
    _producers: dict[ValueName, Node] = field(init=False)
    _node_names: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self._producers = self.graph.producers()
        self._node_names = {node.name for node in self.graph.nodes}

    @property
    def cost(self) -> tuple[int, int]:
        return self.moved, len(self.nodes)

    def run(self) -> Graph:
        for value in self.graph.inputs:
            perm = self.input_perms.get(value, identity(self.graph.types[value].rank))
            self._keep(value, perm)
            self._note_layout(value, perm)
        for node in self.graph.nodes:
            self._place(node)
        names = self._finish_outputs()
        outputs = tuple(self._lookup(value).value for value in self.graph.outputs)
        result = replace(
            self.graph,
            outputs=outputs,
            nodes=tuple(self.nodes),
            types=self.types,
            constants=self.constants,
            layouts={},
        ).renamed(names)
        return replace(result, layouts=self.layouts, doors=self.graph.doors).with_nodes(
            result.nodes
        )

    def _place(self, node: Node) -> None:
        op = node.op
        if isinstance(op, Transpose):
            x = self._lookup(node.inputs[0])
            self._stored[node.outputs[0]] = Stored(x.value, compose(inverse(op.perm), x.perm))
        elif isinstance(op, Reshape) and self._is_unit(node):
            self._place_unit_reshape(node)
        elif isinstance(op, Operator) and self._follows(node):
            self._place_permuted(node, op, self._best_perm(node))
        else:
            self._place_fixed(node)

    def _is_unit(self, node: Node) -> bool:
        old, new = (self.graph.types[v].shape for v in (node.inputs[0], node.outputs[0]))
        return node.inputs[0] not in self.graph.constants and is_unit_reshape(old, new)

    def _place_unit_reshape(self, node: Node) -> None:
        x = self._lookup(node.inputs[0])
        old, new = (self.graph.types[v].shape for v in (node.inputs[0], node.outputs[0]))
        perm = through_unit_reshape(old, new, x.perm)
        op = Reshape(shape=permuted(new, perm))
        self.nodes.append(replace(node, op=op, inputs=(x.value,)))
        self._keep(node.outputs[0], perm)

    def _follows(self, node: Node) -> bool:
        """Tell whether a node's activations all have the rank of its one output."""
        rank = self.graph.types[node.outputs[0]].rank
        kinds = [self.graph.types[value] for value in self._activations(node)]
        same = all(kind.rank == rank for kind in kinds)
        can = isinstance(node.op, Operator) and node.op.permuted(identity(rank)) is not None
        return bool(kinds) and len(node.outputs) == 1 and same and can

    def _activations(self, node: Node) -> list[ValueName]:
        return [value for value in node.inputs if value not in self.graph.constants]

    def _best_perm(self, node: Node) -> Perm:
        """Return the permutation that leaves least to move."""
        activations = self._activations(node)
        candidates = dict.fromkeys(self._lookup(value).perm for value in activations)
        return min(candidates, key=lambda perm: sum(self._cost_of(v, perm) for v in activations))

    def _cost_of(self, value: ValueName, perm: Perm) -> int:
        stored = self._lookup(value)
        step = compose(inverse(stored.perm), perm)
        kind = self.types[stored.value]
        return 0 if moves_no_data(kind.shape, step) else kind.elements

    def _place_permuted(self, node: Node, op: Operator, perm: Perm) -> None:
        follower = op.permuted(perm)
        if follower is None:
            self._place_fixed(node)
            return
        inputs = [self._operand(value, op, perm) for value in node.inputs]
        self.nodes.append(replace(node, op=follower, inputs=tuple(inputs)))
        self._keep(node.outputs[0], perm)

    def _place_fixed(self, node: Node) -> None:
        inputs = [self._bring(v, identity(self.graph.types[v].rank)) for v in node.inputs]
        self.nodes.append(replace(node, inputs=tuple(inputs)))
        for value in node.outputs:
            self._keep(value, identity(self.graph.types[value].rank))

    def _operand(self, value: ValueName, op: Operator, perm: Perm) -> ValueName:
        """Return an input of a node as permuted as its output."""
        if value not in self.graph.constants:
            return self._bring(value, perm)
        array, rank = self.graph.constants[value], len(perm)
        unaffected = array.ndim < rank and (not op.pointwise or array.size == 1)
        if perm == identity(rank) or unaffected:
            return self._bring(value, identity(array.ndim))
        full = array.reshape((1,) * (rank - array.ndim) + array.shape)
        return self._permuted_constant(value, full, perm)

    def _permuted_constant(self, value: ValueName, array: Array, perm: Perm) -> ValueName:
        key = (value, perm)
        if key not in self._brought:
            name = self._fresh(f"{value}.{_text(perm)}")
            self.constants[name] = np.ascontiguousarray(array.transpose(perm))
            kind = self.graph.types[value]
            self.types[name] = kind.with_shape(permuted(array.shape, perm))
            self._brought[key] = name
        return self._brought[key]

    def _bring(self, value: ValueName, perm: Perm) -> ValueName:
        """Return the value that is the old ``value`` transposed by ``perm``; makes it if needed."""
        stored = self._lookup(value)
        step = compose(inverse(stored.perm), perm)
        if step == identity(len(step)):
            return stored.value
        key = (stored.value, step)
        if key not in self._brought:
            own = perm == identity(len(perm)) and value not in self.types
            name = value if own else self._fresh(f"{stored.value}.{_text(step)}")
            self._transpose(stored.value, step, name)
            self._brought[key] = name
        return self._brought[key]

    def _transpose(self, source: ValueName, step: Perm, result: ValueName) -> None:
        kind = self.types[source]
        shape = permuted(kind.shape, step)
        free = moves_no_data(kind.shape, step)
        op = Reshape(shape=shape) if free else Transpose(perm=step)
        self.nodes.append(replace(self._as_before(result), op=op, inputs=(source,)))
        self.types[result] = kind.with_shape(shape)
        self.moved += 0 if free else kind.elements

    def _as_before(self, result: ValueName) -> Node:
        """Return the node that made ``result`` in the old graph, or one with a fresh name."""
        if result in self._producers:
            return self._producers[result]
        name = unused(str(result), self._node_names)
        self._node_names.add(name)
        return Node(name, Transpose(perm=()), (), (result,), (name,))

    def _lookup(self, value: ValueName) -> Stored:
        if value in self.graph.constants and value not in self._stored:
            self.constants[value] = self.graph.constants[value]
            self._keep(value, identity(self.graph.types[value].rank))
        return self._stored[value]

    def _keep(self, value: ValueName, perm: Perm) -> None:
        """Store an old value under its own name, permuted."""
        kind = self.graph.types[value]
        self._stored[value] = Stored(value, perm)
        self.types[value] = kind.with_shape(permuted(kind.shape, perm))

    def _note_layout(self, value: ValueName, perm: Perm) -> None:
        layout = compose(self.graph.layouts.get(value, identity(len(perm))), perm)
        if layout != identity(len(layout)):
            self.layouts[value] = layout

    def _finish_outputs(self) -> dict[ValueName, ValueName]:
        """Give every output a value of its own; return which values have to be renamed."""
        names: dict[ValueName, ValueName] = {}
        for old in self.graph.outputs:
            stored = self._lookup(old)
            if self._needs_copy(stored) or stored.value in names:
                stored = self._copied(old, stored)
            self._note_layout(old, stored.perm)
            names[stored.value] = old
            if old in self.types and old not in names:
                names[old] = self._fresh(f"{old}.inner")
        return {value: name for value, name in names.items() if value != name}

    def _needs_copy(self, stored: Stored) -> bool:
        """Tell whether an output cannot be what is stored, or gets the source's shape for free."""
        if stored.value in self.graph.inputs or stored.value in self.constants:
            return True
        shape, back = self.types[stored.value].shape, inverse(stored.perm)
        return back != identity(len(back)) and moves_no_data(shape, back)

    def _copied(self, old: ValueName, stored: Stored) -> Stored:
        """Make a value for an output in the source's order of axes."""
        name = self._fresh(f"{old}.out") if old in self.types else old
        self._transpose(stored.value, inverse(stored.perm), name)
        self._stored[old] = Stored(name, identity(len(stored.perm)))
        return self._stored[old]

    def _fresh(self, name: str) -> ValueName:
        return ValueName(unused(name, self.graph.types, self.types))


def _text(perm: Sequence[int]) -> str:
    return "t" + "".join(map(str, perm))
