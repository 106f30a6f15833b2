"""WHILE loops that run a known number of times, written out: step after step, weights shared.

Keras layers without an operator of their own (GRU, SimpleRNN) are such loops in TFLite files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.frontends.tflite.shape_arithmetic import FOLDS
from edgec.ir import Array, DType

MAX_STEPS = 256
_MAX_OPERATORS = 1 << 15
_MAX_NESTED = 4
_MAX_PARTS = 1 << 12  # subgraphs written out, loops in loops included
_MAX_NAMES = 1 << 24  # characters of all tensors' names: each has those of the loops around it
_COUNTED = {DType.INT32, DType.INT64, DType.BOOL}
_SMALL = 1 << 10  # elements of what counts steps


class _NotKnownError(Exception):
    """A loop whose number of steps the file does not tell."""


def with_unrolled_loops(model: FileModel) -> FileModel:
    """Return the model without the loops that can be written out; others stay."""
    if not any(each.op == "WHILE" for each in model.operators):
        return model
    return _Unroller(model).run()


@dataclass(eq=False)
class _Unroller:
    model: FileModel
    tensors: list[FileTensor] = field(default_factory=list)
    operators: list[FileOperator] = field(default_factory=list)
    _shared: dict[tuple[int, int], int] = field(default_factory=dict)  # constants of bodies
    _parts: int = 0
    _characters: int = 0

    def run(self) -> FileModel:
        self.tensors = list(self.model.tensors)
        numbers = {each: each for each in range(len(self.tensors))}
        for operator in self.model.operators:
            self._add(operator, numbers, "", 0)
        outputs = tuple(self._named(each, numbers[each]) for each in self.model.outputs)
        return replace(
            self.model,
            tensors=tuple(self.tensors),
            operators=tuple(self.operators),
            outputs=outputs,
        )

    def _named(self, wanted: int, number: int) -> int:
        """Return the number of an output, which keeps its name."""
        if wanted != number and number not in self.model.inputs:
            name = self.tensors[wanted].name
            self.tensors[number] = replace(self.tensors[number], name=name)
        return number

    def _add(
        self, operator: FileOperator, numbers: dict[int, int], prefix: str, depth: int
    ) -> None:
        """Add an operator whose tensors are called as ``numbers`` says."""
        inputs = tuple(None if each is None else numbers[each] for each in operator.inputs)
        moved = replace(
            operator, inputs=inputs, outputs=tuple(numbers[each] for each in operator.outputs)
        )
        if operator.op == "WHILE":
            before = len(self.operators)
            try:
                results = self._unrolled(moved, prefix, depth)
            except _NotKnownError:
                del self.operators[before:]
            else:
                numbers.update(zip(operator.outputs, results, strict=True))
                return
        known = self._counted(moved)
        if known is None:
            self.operators.append(moved)
        else:
            number = moved.outputs[0]
            self.tensors[number] = replace(self.tensors[number], data=known)

    def _unrolled(self, loop: FileOperator, prefix: str, depth: int) -> list[int]:
        """Return the tensors that the loop ends with."""
        values = [each for each in loop.inputs if each is not None]
        if not values or len(values) != len(loop.outputs) or depth == _MAX_NESTED:
            raise _NotKnownError
        name = self.tensors[loop.outputs[0]].name
        for step in range(MAX_STEPS + 1):
            inside = f"{prefix}{name}/step{step}/"
            goes_on = self._inlined(loop.attrs, "cond", values, inside, depth)
            if not self._is_true(goes_on):
                return values
            values = self._inlined(loop.attrs, "body", values, inside, depth)
        raise _NotKnownError

    def _inlined(
        self, attrs: Mapping[str, object], part: str, values: Sequence[int], name: str, depth: int
    ) -> list[int]:
        """Add the operators of one subgraph; return its outputs."""
        index = attrs.get(f"{part}_subgraph_index")
        if not isinstance(index, int) or not 0 < index <= len(self.model.bodies):
            raise _NotKnownError
        body = self.model.bodies[index - 1]
        self._parts += 1
        if body.oddities or len(body.inputs) != len(values):
            raise _NotKnownError
        if len(self.operators) > _MAX_OPERATORS:
            raise _NotKnownError
        if self._parts > _MAX_PARTS or self._characters > _MAX_NAMES:
            raise _NotKnownError
        numbers = dict(zip(body.inputs, values, strict=True))
        for number in range(len(body.tensors)):
            if number not in numbers:
                numbers[number] = self._tensor(index, number, body.tensors[number], name)
        for operator in body.operators:
            self._add(operator, numbers, name, depth + 1)
        return [numbers[each] for each in body.outputs]

    def _tensor(self, index: int, number: int, tensor: FileTensor, name: str) -> int:
        """Return a tensor of a subgraph; a constant is the same in every step."""
        if tensor.data is None:
            self.tensors.append(replace(tensor, name=f"{name}{tensor.name}"))
            self._characters += len(self.tensors[-1].name)
            return len(self.tensors) - 1
        if (index, number) not in self._shared:
            self.tensors.append(tensor)
            self._shared[index, number] = len(self.tensors) - 1
        return self._shared[index, number]

    def _is_true(self, outputs: Sequence[int]) -> bool:
        data = self.tensors[outputs[0]].data if len(outputs) == 1 else None
        if data is None or data.size != 1:
            raise _NotKnownError
        return bool(data.item())

    def _counted(self, operator: FileOperator) -> Array | None:
        """Return the result of an operator on known counters."""
        fold = FOLDS.get(operator.op)
        if fold is None or len(operator.outputs) != 1 or operator.oddity:
            return None
        target = self.tensors[operator.outputs[0]]
        if operator.op == "SHAPE" or target.dtype not in _COUNTED:
            return None
        tensors = [self.tensors[each] for each in operator.inputs if each is not None]
        known = [each.data for each in tensors if each.data is not None and _is_counter(each)]
        if len(known) < len(tensors):
            return None
        try:
            result = np.asarray(fold(known, operator.attrs), target.dtype.numpy)
        except (ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError):
            return None
        return result if result.size <= _SMALL else None


def _is_counter(tensor: FileTensor) -> bool:
    return tensor.dtype in _COUNTED and tensor.data is not None and tensor.data.size <= _SMALL
