"""Steps on the way to what a source node makes, named after it and numbered."""

from dataclasses import dataclass, field

import numpy as np

from edgec.ir import GraphBuilder, Op, ValueName
from edgec.ops.conversion.constants import folded_or_added
from edgec.ops.registry import SourceNode


@dataclass(eq=False)
class Expression:
    """Adds operators of one output under a node's name; what is known is folded."""

    node: SourceNode
    g: GraphBuilder
    _steps: int = field(default=0, init=False)

    def add(self, op: Op, *inputs: ValueName) -> ValueName:
        """Return the result of an operator; ``ValueError`` where the inputs do not fit it."""
        self._steps += 1
        name = f"{self.node.outputs[0]}/{op.name}_{self._steps}"
        (value,) = folded_or_added(self.g, op, inputs, name=name, outputs=[name])
        return value

    def number(self, value: int) -> ValueName:
        """Return an int32 constant."""
        return self.g.constant(f"{self.node.outputs[0]}/{value}", np.array(value, np.int32))
