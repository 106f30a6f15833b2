"""Lists of rows that are written one row at a time, as loops over a sequence do: joined once.

A converter spells ``rows[i] = row`` as the rows before, the row, and those behind: two SLICE and a
CONCATENATION, in each step of a loop. The first and the last step have an empty slice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import Array, DType

_MAX_PARTS = 1 << 20  # of all lists: a list of n rows that is written n times has n parts n times


@dataclass(frozen=True, slots=True)
class _Part:
    """``count`` rows of a tensor, from ``start`` on."""

    tensor: int
    start: int
    count: int


def with_joined_rows(model: FileModel) -> FileModel:
    """Return the model with lists made of their rows; what only led to them is left out."""
    lists = _Lists(model)
    for operator in model.operators:
        lists.follow(operator)
    return lists.written() if lists.parts else model


@dataclass(eq=False)
class _Lists:
    model: FileModel
    parts: dict[int, list[_Part]] = field(default_factory=dict)  # of lists with a row set
    _makers: dict[int, FileOperator] = field(default_factory=dict)
    _tensors: list[FileTensor] = field(default_factory=list)
    _total: int = 0

    def follow(self, operator: FileOperator) -> None:
        """Note what an operator makes, in the order of the file."""
        if not operator.outputs:
            return
        self._makers[operator.outputs[0]] = operator
        parts = self._with_row_set(operator)
        if parts is not None and self._total + len(parts) <= _MAX_PARTS:
            self._total += len(parts)
            self.parts[operator.outputs[0]] = parts

    def _with_row_set(self, operator: FileOperator) -> list[_Part] | None:
        """Return the rows of a list in which one was set; None for any other operator."""
        target = self.model.tensors[operator.outputs[0]]
        if not _joins_rows(operator, target):
            return None
        before, row, behind = operator.inputs
        slices = [self._rows(each) for each in (before, behind)]
        if slices[0] is None or slices[1] is None or row is None:
            return None
        (old, first, until), (same, since, end) = slices[0], slices[1]
        item, source = self.model.tensors[row], self.model.tensors[old]
        rows = source.shape[0]
        if old != same or (first, end) != (0, rows) or source.shape != target.shape:
            return None
        if item.shape != (since - until, *source.shape[1:]) or item.variable or source.variable:
            return None
        if {item.qparams, source.qparams} != {target.qparams}:
            return None
        return [
            *self._cut_out(old, 0, until),
            _Part(row, 0, since - until),
            *self._cut_out(old, since, rows),
        ]

    def _rows(self, number: int | None) -> tuple[int, int, int] | None:
        """Return which rows a SLICE takes, and of what; None where it is no SLICE of rows."""
        maker = None if number is None else self._makers.get(number)
        if maker is None or maker.op != "SLICE" or len(maker.inputs) != len("xbs"):
            return None
        begins, sizes = (self._numbers(each) for each in maker.inputs[1:])
        x = maker.inputs[0]
        shape = () if x is None else self.model.tensors[x].shape
        if x is None or not shape or not len(begins) == len(sizes) == len(shape):
            return None
        ends = [
            extent if size == -1 else begin + size
            for begin, size, extent in zip(begins, sizes, shape, strict=True)
        ]
        whole = all(each == 0 for each in begins[1:]) and tuple(ends[1:]) == shape[1:]
        return (x, begins[0], ends[0]) if whole and 0 <= begins[0] <= ends[0] else None

    def _numbers(self, number: int | None) -> list[int]:
        data = None if number is None else self.model.tensors[number].data
        return [] if data is None else [int(each) for each in data.flat]

    def _cut_out(self, number: int, start: int, end: int) -> Iterator[_Part]:
        """Yield the parts that rows of a tensor are."""
        known = self.parts.get(number, [_Part(number, 0, self.model.tensors[number].shape[0])])
        place = 0
        for part in known:
            first, last = max(start, place), min(end, place + part.count)
            if first < last:
                yield _Part(part.tensor, part.start + first - place, last - first)
            place += part.count

    def written(self) -> FileModel:
        """Return the model with each list that is still read made of its parts."""
        self._tensors = list(self.model.tensors)
        read = set(self.model.outputs)
        kept: list[FileOperator] = []
        unneeded = {*self.parts, *self._slices()}
        for operator in reversed(self.model.operators):
            if not operator.outputs:
                kept.append(operator)
                continue
            number = operator.outputs[0]
            if number not in read and number in unneeded:
                continue
            made = list(self._made(operator)) if number in self.parts else [operator]
            read.update(each for one in made for each in one.inputs if each is not None)
            kept += reversed(made)
        return replace(self.model, tensors=tuple(self._tensors), operators=tuple(reversed(kept)))

    def _slices(self) -> Iterator[int]:
        """Yield what lists were made of before: the rows before one and those behind it."""
        for number in self.parts:
            before, _, behind = self._makers[number].inputs
            yield from (each for each in (before, behind) if each is not None)

    def _made(self, operator: FileOperator) -> Iterator[FileOperator]:
        """Yield the operators that make a list of its parts."""
        inputs = []
        for part in self.parts[operator.outputs[0]]:
            tensor = self.model.tensors[part.tensor]
            if part.count == tensor.shape[0]:
                inputs.append(part.tensor)
                continue
            inputs.append(self._part(part, tensor))
            if tensor.data is None:
                yield self._slice(part, tensor, inputs[-1])
        yield replace(operator, inputs=tuple(inputs))

    def _part(self, part: _Part, tensor: FileTensor) -> int:
        data = tensor.data
        data = None if data is None else data[part.start : part.start + part.count]
        name = f"{tensor.name}/rows{part.start}"
        shape = (part.count, *tensor.shape[1:])
        return self._new(replace(tensor, name=name, shape=shape, data=data))

    def _slice(self, part: _Part, tensor: FileTensor, made: int) -> FileOperator:
        rest = len(tensor.shape) - 1
        ends = [[part.start, *[0] * rest], [part.count, *[-1] * rest]]
        numbers = [
            self._new(_vector(f"{tensor.name}/rows{part.start}/{name}", each))
            for name, each in zip(("begin", "size"), ends, strict=True)
        ]
        return FileOperator("SLICE", 1, (part.tensor, *numbers), (made,), {})

    def _new(self, tensor: FileTensor) -> int:
        self._tensors.append(tensor)
        return len(self._tensors) - 1


def _joins_rows(operator: FileOperator, target: FileTensor) -> bool:
    """Tell whether an operator joins three tensors along the first axis, and does nothing else."""
    activation = operator.attrs.get("fused_activation_function", "NONE")
    if operator.op != "CONCATENATION" or len(operator.inputs) != len("xyz") or not target.shape:
        return False
    axis = operator.attrs.get("axis", 0)
    return axis in {0, -len(target.shape)} and activation == "NONE"


def _vector(name: str, numbers: Sequence[int]) -> FileTensor:
    data: Array = np.array(numbers, np.int32)
    return FileTensor(name, data.shape, "INT32", DType.INT32, None, data, "")
