"""Immutable graphs: nodes in topological order over named, typed values."""

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import ClassVar, NewType

import numpy as np

from edgec.ir.types import Array, Door, QParams, TensorType

ValueName = NewType("ValueName", str)


@dataclass(frozen=True, slots=True)
class Signature:
    """The types that one node sees."""

    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]

    @property
    def output(self) -> TensorType:
        return self.outputs[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Op(ABC):
    """One operator. Its attributes are the fields of the concrete dataclass."""

    name: ClassVar[str]

    @abstractmethod
    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        """Shapes and dtypes of the outputs. ``ValueError`` where the inputs do not fit."""

    @abstractmethod
    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        """Compute the outputs in NumPy, float or integer: the reference semantics."""

    def macs(self, signature: Signature) -> int:
        """Multiply-accumulates of one evaluation."""
        return 0

    def unfolded(self, signature: Signature) -> int:
        """Elements that an evaluation copies beside its inputs and outputs: of windows, mostly."""
        return 0

    def elements_read(self, signature: Signature) -> int:
        """Elements read in one evaluation: for each MAC one, without any each of the inputs'."""
        return self.macs(signature) or sum(each.elements for each in signature.inputs)

    def __str__(self) -> str:
        shown = [
            f"{each.name}={getattr(self, each.name)}"
            for each in fields(self)
            if getattr(self, each.name) != each.default
        ]
        return f"{self.name}({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Node:
    """One application of an operator.

    ``name`` is the node's name in the user's model; ``origins`` names all source nodes it stands
    for once passes have fused some.
    """

    name: str
    op: Op
    inputs: tuple[ValueName, ...]
    outputs: tuple[ValueName, ...]
    origins: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{', '.join(self.outputs)} = {self.op}({', '.join(self.inputs)})"


@dataclass(frozen=True, slots=True)
class State:
    """An input of a graph that gets, at the next run, what an output has now.

    At the first run it is all (real) zeros. Both have one type and one order of axes.
    """

    input: ValueName
    output: ValueName


@dataclass(frozen=True, slots=True)
class FixedOutput:
    """An output of a model that is the same for all inputs: anchors, a table of labels.

    ``index`` is its place among the outputs that the user sees.
    """

    name: ValueName
    type: TensorType
    data: Array
    index: int


def _frozen(mapping: Mapping[ValueName, object]) -> MappingProxyType[ValueName, object]:
    return MappingProxyType(dict(mapping))


@dataclass(frozen=True, slots=True)
class Graph:
    """A model: activations are NHWC, convolution weights OHWI.

    ``layouts`` remembers, for inputs and outputs whose axes were permuted at the door, the
    permutation from the source model's axes to ours: ``ours = source.transpose(layout)``.
    ``states`` pairs those inputs and outputs that carry something from run to run: to passes and
    operators they are like any other; only what runs the graph again and again knows better.
    ``grids`` are the quantizations that the source file states for constants, which are float here.
    ``doors`` are the integers that inputs and outputs have in the source file, where the graph is
    float: quantization leads to them. ``halves_to_even`` says how float inputs become integers at
    the door: as ONNX rounds, else as TFLite does, away from zero. ``remarks`` tell what the source
    file has and the graph has not.
    ``fixed`` are outputs of the model that do not depend on its inputs. They lie aside: passes,
    the quantizer and what judges it never see them; :meth:`whole` puts them back. ``aliases`` are
    other names that the source file has for inputs and outputs; arrays may stand under these too.
    """

    name: str
    inputs: tuple[ValueName, ...]
    outputs: tuple[ValueName, ...]
    nodes: tuple[Node, ...]
    types: Mapping[ValueName, TensorType]
    constants: Mapping[ValueName, Array]
    layouts: Mapping[ValueName, tuple[int, ...]] = field(default_factory=dict)
    grids: tuple[QParams, ...] = ()
    states: tuple[State, ...] = ()
    halves_to_even: bool = False
    remarks: tuple[str, ...] = ()
    fixed: tuple[FixedOutput, ...] = ()
    aliases: Mapping[ValueName, str] = field(default_factory=dict)
    doors: Mapping[ValueName, Door] = field(default_factory=dict)

    def __post_init__(self) -> None:
        constants = {value: np.asarray(array) for value, array in self.constants.items()}
        for array in constants.values():
            array.flags.writeable = False
        object.__setattr__(self, "types", _frozen(self.types))
        object.__setattr__(self, "constants", _frozen(constants))
        object.__setattr__(self, "layouts", _frozen(self.layouts))
        object.__setattr__(self, "aliases", _frozen(self.aliases))
        object.__setattr__(self, "doors", _frozen(self.doors))

    def signature(self, node: Node) -> Signature:
        return Signature(
            tuple(self.types[value] for value in node.inputs),
            tuple(self.types[value] for value in node.outputs),
        )

    def without_states(self, values: Iterable[ValueName]) -> tuple[ValueName, ...]:
        """Return those of ``values`` (inputs or outputs) that the user sees."""
        hidden = {value for each in self.states for value in (each.input, each.output)}
        return tuple(value for value in values if value not in hidden)

    def producers(self) -> dict[ValueName, Node]:
        """Return the node that makes each value."""
        return {value: node for node in self.nodes for value in node.outputs}

    def consumers(self) -> dict[ValueName, list[Node]]:
        """Return the nodes that read each value, in order; absent where there is none."""
        readers: dict[ValueName, list[Node]] = {}
        for node in self.nodes:
            for value in dict.fromkeys(node.inputs):
                readers.setdefault(value, []).append(node)
        return readers

    def with_nodes(
        self,
        nodes: Iterable[Node],
        *,
        types: Mapping[ValueName, TensorType] | None = None,
        constants: Mapping[ValueName, Array] | None = None,
    ) -> "Graph":
        """Return this graph with other nodes; added types and constants join the old ones.

        Types and constants that nothing refers to any more are dropped.
        """
        nodes = tuple(nodes)
        used = {*self.inputs, *self.outputs}
        used.update(value for node in nodes for value in (*node.inputs, *node.outputs))
        all_types = {**self.types, **(types or {})}
        all_constants = {**self.constants, **(constants or {})}
        return replace(
            self,
            nodes=nodes,
            types={value: kind for value, kind in all_types.items() if value in used},
            constants={value: data for value, data in all_constants.items() if value in used},
        )

    def renamed(self, names: Mapping[ValueName, ValueName]) -> "Graph":
        """Return this graph with values called otherwise; names not listed stay."""

        def new(value: ValueName) -> ValueName:
            return names.get(value, value)

        nodes = [
            replace(
                node,
                inputs=tuple(new(value) for value in node.inputs),
                outputs=tuple(new(value) for value in node.outputs),
            )
            for node in self.nodes
        ]
        return Graph(
            self.name,
            tuple(new(value) for value in self.inputs),
            tuple(new(value) for value in self.outputs),
            tuple(nodes),
            {new(value): kind for value, kind in self.types.items()},
            {new(value): data for value, data in self.constants.items()},
            {new(value): layout for value, layout in self.layouts.items()},
            self.grids,
            tuple(State(new(each.input), new(each.output)) for each in self.states),
            self.halves_to_even,
            self.remarks,
            self.fixed,
            {new(value): alias for value, alias in self.aliases.items()},
            {new(value): door for value, door in self.doors.items()},
        )

    def whole(self) -> "Graph":
        """Return the graph with its fixed outputs as constants among the others, in their places.

        A value that bears the name of one gets another name.
        """
        if not self.fixed:
            return self
        taken = {*self.types, *(each.name for each in self.fixed)}
        names: dict[ValueName, ValueName] = {}
        for each in self.fixed:
            if each.name in self.types:
                names[each.name] = _free(each.name, taken)
                taken.add(names[each.name])
        graph = self.renamed(names) if names else self
        outputs = list(graph.without_states(graph.outputs))
        for each in sorted(self.fixed, key=lambda each: each.index):
            outputs.insert(each.index, each.name)
        outputs += [value for value in graph.outputs if value not in outputs]
        return replace(
            graph,
            outputs=tuple(outputs),
            types={**graph.types, **{each.name: each.type for each in self.fixed}},
            constants={**graph.constants, **{each.name: each.data for each in self.fixed}},
            fixed=(),
        )

    def fixed_aside(self) -> "Graph":
        """Return the graph with the outputs that are constants aside: the reverse of whole."""
        seen = self.without_states(self.outputs)
        fixed = [
            FixedOutput(value, self.types[value], self.constants[value], index)
            for index, value in enumerate(seen)
            if value in self.constants
        ]
        if not fixed:
            return self
        names = {each.name for each in fixed}
        kept = tuple(value for value in self.outputs if value not in names)
        layouts = {k: v for k, v in self.layouts.items() if k in kept or k in self.inputs}
        rest = replace(self, outputs=kept, layouts=layouts, fixed=(*self.fixed, *fixed))
        return rest.with_nodes(rest.nodes)

    def __str__(self) -> str:
        """Return the stable text form used by `edgec dump` and the golden tests."""
        lines = [f"graph {self.name}"]
        lines += [f"  input {value}: {self.types[value]}" for value in self.inputs]
        lines += [f"  const {value}: {self.types[value]}" for value in self.constants]
        for node in self.nodes:
            kinds = ", ".join(str(self.types[value]) for value in node.outputs)
            lines.append(f"  {node}: {kinds}")
        lines += [f"  output {value}" for value in self.outputs]
        lines += [f"  output {each.name}: {each.type}, always the same" for each in self.fixed]
        kinds_outside = ((v, d.of_shape(self.types[v].shape)) for v, d in self.doors.items())
        lines += [f"  door {value}: {kind}" for value, kind in kinds_outside]
        lines += [f"  state {each.input} = {each.output}" for each in self.states]
        return "\n".join(lines)


def _free(name: ValueName, taken: Container[ValueName]) -> ValueName:
    number = 2
    while (free := ValueName(f"{name}.{number}")) in taken:
        number += 1
    return free
