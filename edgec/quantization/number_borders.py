"""Where real numbers end and plain ones begin, in a graph that is quantized: and the way back."""

from abc import abstractmethod
from dataclasses import replace

from edgec.ir import Array, DType, Node, QParams, TensorType, ValueName
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.numbers.compare import Compare
from edgec.quantization import comparisons


class NumberBorders:
    """What a quantizer adds for operators at the border; it has the graph and what it made so far.

    What only counts or decides stays as it is.
    """

    nodes: list[Node]
    types: dict[ValueName, TensorType]

    @abstractmethod
    def _array(self, value: ValueName) -> Array | None:
        """Return the array of a constant of the float graph, None for any other value."""

    @abstractmethod
    def _declare(self, value: ValueName, smallest: float = 0.0) -> None: ...

    @abstractmethod
    def _constant(self, value: ValueName, array: Array, q: QParams | None) -> ValueName: ...

    @abstractmethod
    def _unused(self, name: ValueName) -> ValueName: ...

    @abstractmethod
    def _quantize(
        self, value: ValueName, width: DType, target: QParams, result: ValueName, node: str
    ) -> ValueName: ...

    def add_comparison(self, node: Node, op: Compare) -> None:
        """Add a comparison of real numbers as one of integers; nothing of it is rounded twice."""
        self._declare(node.outputs[0])
        arrays = [self._array(value) for value in node.inputs]
        inputs = list(node.inputs)
        place, limit = next(
            ((index, each) for index, each in enumerate(arrays) if each is not None), (0, None)
        )
        if limit is not None:
            kind = self.types[inputs[1 - place]]
            op, steps = comparisons.as_integers(op, limit, kind, first=place == 0)
            inputs[place] = self._constant(inputs[place], steps, kind.qparams)
        else:
            kinds = [self.types[value] for value in inputs]
            if not comparisons.share(kinds):
                q = comparisons.meeting_place(kinds)
                inputs = [
                    self._quantize(
                        value,
                        DType.INT16,
                        q,
                        self._unused(ValueName(f"{value}.compared")),
                        f"{node.name}/compared_{index}",
                    )
                    for index, value in enumerate(inputs)
                ]
            op = replace(op, in_steps=True)
        self.nodes.append(replace(node, op=op, inputs=tuple(inputs)))

    def add_cast(self, node: Node) -> None:
        """Add a conversion between real and plain numbers, by way of floats."""
        (x,), (y,) = node.inputs, node.outputs
        self._declare(y)
        if self.types[x].qparams is not None:
            real = self._between(f"{y}.float32", self.types[x].shape)
            self.nodes.append(Node(f"{node.name}/real", Dequantize(), (x,), (real,), node.origins))
            x = real
        if self.types[y].qparams is None:
            self.nodes.append(replace(node, inputs=(x,)))
            return
        real = self._between(f"{y}.float32", self.types[y].shape)
        self.nodes.append(replace(node, inputs=(x,), outputs=(real,)))
        op = Quantize(dtype=self.types[y].dtype)
        self.nodes.append(Node(f"{node.name}/quantize", op, (real,), (y,), node.origins))

    def _between(self, name: str, shape: tuple[int, ...]) -> ValueName:
        """Return a new value for floats."""
        value = self._unused(ValueName(name))
        self.types[value] = TensorType(shape)
        return value
