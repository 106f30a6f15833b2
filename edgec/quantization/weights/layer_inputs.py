"""What layers read, in floats and in a simulation, from the first layer to the last.

The two graphs are evaluated side by side, so that every activation is dropped once it is read last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from edgec.ir import Array, Graph, Node, ValueName
from edgec.quantization.quality.simulate import Simulation
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.samples.blocks import lifetimes


@dataclass(eq=False)
class FloatInputs:
    """The activations of a float graph on samples, as far as its layers have been asked for."""

    graph: Graph
    inputs: Mapping[ValueName, Array]
    _evaluator: BatchEvaluator = field(init=False)
    _values: Values = field(init=False)
    _over: list[tuple[ValueName, ...]] = field(init=False)
    _done: int = 0

    def __post_init__(self) -> None:
        self._evaluator = BatchEvaluator(self.graph)
        self._values = {name: self.inputs[name] for name in self.graph.inputs}
        self._over = lifetimes(self.graph, ())

    def of(self, node: Node) -> Array:
        """Return what a layer of the graph reads; layers are asked for in their order."""
        while self.graph.nodes[self._done].name != node.name:
            self._evaluator.add(self.graph.nodes[self._done], self._values)
            for value in self._over[self._done]:
                self._values.pop(value, None)
            self._done += 1
        return self._values[node.inputs[0]]


@dataclass(eq=False)
class SimulatedInputs:
    """The activations of a simulation on samples, node by node."""

    values: Values
    _over: list[tuple[ValueName, ...]]

    @classmethod
    def of(cls, simulation: Simulation, inputs: Mapping[ValueName, Array]) -> "SimulatedInputs":
        return cls(simulation.start(inputs), lifetimes(simulation.graph, ()))

    def step(self, simulation: Simulation, index: int) -> None:
        """Evaluate a node by a simulation; its nodes are always the same, weights may be others."""
        simulation.step(simulation.graph.nodes[index], self.values)
        for value in self._over[index]:
            self.values.pop(value, None)
