"""Random float ONNX models from a list of numbers, for hypothesis to grow and shrink."""

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from hypothesis import strategies as st
from onnx_models import OnnxBuilder

Choice = tuple[int, int, int]
CHOICES = st.lists(
    st.tuples(st.integers(0, 99), st.integers(0, 9), st.integers(0, 99)), min_size=1, max_size=10
)
INPUT_SHAPES = st.sampled_from([(1, 3, 6, 5), (1, 1, 6, 6), (1, 4, 8), (1, 6), (1, 2, 1, 7)])
LARGEST = 2_000  # elements of a value

Shape = tuple[int, ...]


class RandomModel:
    """Adds one node per choice; what does not fit the operand it hits is left out."""

    def __init__(self, shape: Shape) -> None:
        self.b = OnnxBuilder(17)
        self.values = [self.b.input("x", list(shape))]
        self.shapes: dict[str, Shape] = {"x": shape}

    def add(self, choice: Choice) -> None:
        kind, operand, detail = choice
        steps = (self.unary, self.layer, self.binary, self.pool, self.shape_only, self.reduce)
        step: Callable[[str, int], tuple[str, Shape] | None] = steps[kind % len(steps)]
        result = step(self.values[-1 - operand % min(3, len(self.values))], detail)
        if result is not None and np.prod(result[1]) <= LARGEST:
            self.values.append(result[0])
            self.shapes[result[0]] = tuple(int(extent) for extent in result[1])

    def model(self, extra_output: int) -> onnx.ModelProto:
        """Return the model; its outputs are the last value and perhaps one more."""
        last, other = self.values[-1], self.values[extra_output % len(self.values)]
        self.b.add("Identity", last, output="out")
        outputs = ["out"] if other in (last, "x") else ["out", other]
        shapes = [self.shapes[last], *(self.shapes[name] for name in outputs[1:])]
        return self.b.model(*outputs, shapes=shapes)

    def unary(self, x: str, detail: int) -> tuple[str, Shape]:
        ops = ("Relu", "Sigmoid", "Tanh", "LeakyRelu", "Identity", "Dropout", "HardSwish", "Clip")
        op = ops[detail % len(ops)]
        bounds = [self.b.weight(np.float32(v)) for v in (0, 6)] if op == "Clip" else []
        return self.b.add(op, x, *bounds), self.shapes[x]

    def layer(self, x: str, detail: int) -> tuple[str, Shape] | None:
        shape = self.shapes[x]
        channels, rank = shape[1] if len(shape) > 1 else 0, len(shape)
        if rank > 1 and detail % 3 == 0:
            return self.b.batch_norm(x, channels), shape
        if rank == 2:
            return self.b.linear(x, channels, 1 + detail % 5), (shape[0], 1 + detail % 5)
        if rank in {3, 4} and shape[0] == 1:
            outputs = channels if detail % 2 else 1 + detail % 6
            groups = channels if detail % 2 else 1
            y = self.b.conv(x, (channels, outputs), (3,) * (rank - 2), group=groups)
            return y, (1, outputs, *shape[2:])
        return None

    def binary(self, x: str, detail: int) -> tuple[str, Shape]:
        shape, op = self.shapes[x], ("Add", "Mul", "Sub")[detail % 3]
        fitting = [name for name in self.values if self.shapes[name] == shape]
        if detail % 4 == 3 and len(shape) > 1:
            other = fitting[detail % len(fitting)]
            return self.b.add("Concat", x, other, axis=1), (shape[0], 2 * shape[1], *shape[2:])
        if detail % 4 == 2:
            kept = [extent if (detail >> i) % 2 else 1 for i, extent in enumerate(shape)]
            return self.b.add(op, x, self.b.random(*kept[detail % len(shape) :])), shape
        return self.b.add(op, x, fitting[detail % len(fitting)]), shape

    def pool(self, x: str, detail: int) -> tuple[str, Shape] | None:
        shape = self.shapes[x]
        size, rank = shape[2:], len(shape)
        if rank not in {3, 4} or shape[0] != 1:
            return None
        if detail % 3 == 0:
            return self.b.add("GlobalAveragePool", x), (*shape[:2], *(1 for _ in size))
        if min(size) < 2:
            return None
        op = ("MaxPool", "AveragePool")[detail % 2]
        y = self.b.add(op, x, kernel_shape=[2] * len(size), strides=[2] * len(size))
        return y, (*shape[:2], *(extent // 2 for extent in size))

    def shape_only(self, x: str, detail: int) -> tuple[str, Shape]:
        shape, rank = self.shapes[x], len(self.shapes[x])
        if detail % 5 == 0:
            rest = int(np.prod(shape[1:]))
            return self.b.add("Flatten", x), (shape[0], rest)
        if detail % 5 == 1:
            perm = [int(axis) for axis in np.random.default_rng(detail).permutation(rank)]
            return self.b.add("Transpose", x, perm=perm), tuple(shape[axis] for axis in perm)
        if detail % 5 == 2 and rank < 4:
            axis = 1 + detail % rank
            new = (*shape[:axis], 1, *shape[axis:])
            return self.b.add("Unsqueeze", x, self.b.ints(axis)), new
        if detail % 5 == 3 and rank > 2:
            new = (shape[0], shape[1] * shape[2], *shape[3:])
            return self.b.add("Reshape", x, self.b.ints(*new)), new
        pads = [(detail >> i) % 2 if i % rank > 0 else 0 for i in range(2 * rank)]
        grown = tuple(n + pads[i] + pads[i + rank] for i, n in enumerate(shape))
        return self.b.add("Pad", x, self.b.ints(*pads)), grown

    def reduce(self, x: str, detail: int) -> tuple[str, Shape] | None:
        shape, rank = self.shapes[x], len(self.shapes[x])
        if rank < 2:
            return None
        if detail % 3 == 0:
            return self.b.add("Softmax", x, axis=detail % rank), shape
        axes = [axis for axis in range(1, rank) if (detail >> axis) % 2] or [rank - 1]
        keep = detail % 2
        kept = [1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes]
        return self.b.add("ReduceMean", x, axes=axes, keepdims=keep), tuple(kept)


def random_model(shape: Shape, choices: Sequence[Choice], extra_output: int) -> onnx.ModelProto:
    model = RandomModel(shape)
    for choice in choices:
        model.add(choice)
    return model.model(extra_output)
