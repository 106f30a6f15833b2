"""Evaluates graphs on samples that are one sequence: states are carried from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array, Graph, ValueName, evaluate_all
from edgec.ir.evaluate import zeros
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values


@dataclass(eq=False)
class SequenceEvaluator:
    """Evaluates one graph; its states are zeros at first and remembered from call to call."""

    graph: Graph
    _state: Values = field(init=False)

    def __post_init__(self) -> None:
        kinds = self.graph.types
        self._state = {each.input: zeros(kinds[each.input]) for each in self.graph.states}

    def run(self, inputs: Mapping[ValueName, Array]) -> Values:
        """Return every activation for inputs [samples, *shape]; those given for states are unused.

        A graph without states is evaluated on all samples at once.
        """
        if not self.graph.states:
            return BatchEvaluator(self.graph).run(inputs)
        shown = self.graph.without_states(self.graph.inputs)
        count = len(inputs[shown[0]])
        runs = [self._next({name: inputs[name][index] for name in shown}) for index in range(count)]
        names = [name for name in runs[0] if name not in self.graph.constants]
        return {name: np.stack([run[name] for run in runs]) for name in names}

    def _next(self, sample: Values) -> Values:
        values = evaluate_all(self.graph, {**sample, **self._state})
        self._state = {each.input: values[each.output] for each in self.graph.states}
        return values
