"""Dilated convolutions as TFLite files spell them that were made without a batch size.

SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND: the convolution sees every n-th element. The
border that the first adds and the last does not cut off again is that of the dilated convolution.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import Array, DType

_SPLIT = "SPACE_TO_BATCH_ND"
_ADDS_AN_AXIS = {"EXPAND_DIMS", "RESHAPE"}
_TAKES_AN_AXIS = {"RESHAPE", "SQUEEZE"}


@dataclass(frozen=True, slots=True)
class _Match:
    """The operators of one dilated convolution; those around it in one dimension, or None."""

    split: FileOperator
    before: FileOperator | None
    convolution: FileOperator
    after: FileOperator | None
    join: FileOperator


def with_dilations(model: FileModel) -> FileModel:
    """Return the model with every such convolution as one that is dilated, after a PAD."""
    alone = _with_splits_of_their_own(model)
    made = _Rewrite(alone).run()
    return model if made is alone else made


def _with_splits_of_their_own(model: FileModel) -> FileModel:
    """Return the model with a split for each convolution: the converter shares one among several.

    A gated layer (WaveNet's) has two dilated convolutions of the same input.
    """
    tensors, operators = list(model.tensors), list(model.operators)
    split = {out for each in operators if each.op == _SPLIT for out in each.outputs}
    for index in reversed(range(len(operators))):
        operator = operators[index]
        widens = operator.op in _ADDS_AN_AXIS and not split.isdisjoint(operator.inputs[:1])
        if not (operator.op == _SPLIT or widens) or len(operator.outputs) != 1:
            continue
        (number,) = operator.outputs
        readers = [place for place, each in enumerate(operators) if number in each.inputs]
        if number in model.outputs:
            continue
        copies = []
        for place in readers[1:]:
            tensors.append(tensors[number])
            own = len(tensors) - 1
            inputs = tuple(own if each == number else each for each in operators[place].inputs)
            operators[place] = replace(operators[place], inputs=inputs)
            copies.append(replace(operator, outputs=(own,)))
        operators[index + 1 : index + 1] = copies
    if len(operators) == len(model.operators):
        return model
    return replace(model, tensors=tuple(tensors), operators=tuple(operators))


@dataclass(eq=False)
class _Rewrite:
    model: FileModel
    tensors: list[FileTensor] = field(default_factory=list)
    _joined: dict[int, list[FileOperator]] = field(default_factory=dict)
    _gone: set[int] = field(default_factory=set)

    def run(self) -> FileModel:
        self.tensors = list(self.model.tensors)
        makers = {out: each for each in self.model.operators for out in each.outputs}
        reads = Counter(number for each in self.model.operators for number in each.inputs)
        reads.update(self.model.outputs)
        for operator in self.model.operators:
            match = _match(operator, makers, reads)
            pads = self._pads(match) if match else None
            if match is not None and pads is not None:
                self._replace(match, pads)
        if not self._joined:
            return self.model
        operators = [
            new
            for each in self.model.operators
            if id(each) not in self._gone
            for new in self._joined.get(id(each), [each])
        ]
        return replace(self.model, tensors=tuple(self.tensors), operators=tuple(operators))

    def _pads(self, match: _Match) -> Array | None:
        """Return what a PAD of the four or three axes takes; None where it is no dilation."""
        operands = [self._integers(each, n) for each in (match.split, match.join) for n in (1, 2)]
        if any(each is None for each in operands):
            return None
        blocks, pads, again, crops = (np.asarray(each) for each in operands)
        expected = (2,) if match.before is None else (1,)
        fits = (
            blocks.shape == expected
            and np.array_equal(blocks, again)
            and pads.shape == crops.shape == (*expected, 2)
            and not crops[:, 0].any()
            and (pads >= crops).all()
            and (blocks >= 1).all()
            and _is_plain(match.convolution)
            and self._has_one_row(match)
            and self._same_scale(match.split)
            and self._same_scale(match.join)
        )
        return np.pad(pads - crops, ((1, 1), (0, 0))) if fits else None

    def _integers(self, operator: FileOperator, index: int) -> Array | None:
        number = operator.inputs[index] if index < len(operator.inputs) else None
        tensor = self.tensors[number] if number is not None else None
        known = tensor is not None and tensor.dtype in {DType.INT32, DType.INT64}
        return tensor.data if tensor is not None and known else None

    def _has_one_row(self, match: _Match) -> bool:
        """Tell whether what is one-dimensional gets its second axis as that of one row."""
        if match.before is None:
            return True
        made, weights = match.before.outputs[0], match.convolution.inputs[1]
        shapes = [self.tensors[each].shape for each in (made, weights) if each is not None]
        rows = [shape[1] for shape in shapes if len(shape) == 4]  # noqa: PLR2004
        return rows == [1, 1]

    def _same_scale(self, operator: FileOperator) -> bool:
        first = operator.inputs[0]
        assert first is not None  # noqa: S101 - see _match
        return self.tensors[first].qparams == self.tensors[operator.outputs[0]].qparams

    def _replace(self, match: _Match, pads: Array) -> None:
        """Write PAD where the split was, and the dilated convolution with what is around it."""
        source, padded = match.split.inputs[0], match.split.outputs[0]
        blocks = np.asarray(self._integers(match.split, 1)).tolist()
        dilations = blocks if match.before is None else [1, *blocks]
        amounts = self._constant(f"{self.tensors[padded].name}/pads", pads)
        self._joined[id(match.split)] = [FileOperator("PAD", 1, (source, amounts), (padded,), {})]
        last = match.join.outputs[0]
        outputs = (last,) if match.after is None else match.convolution.outputs
        attrs = {
            **match.convolution.attrs,
            "dilation_h_factor": dilations[0],
            "dilation_w_factor": dilations[1],
        }
        self._joined[id(match.convolution)] = [
            replace(match.convolution, attrs=attrs, outputs=outputs)
        ]
        if match.before is not None and match.after is not None:
            self._keep_axis(match.before, match.after, match.convolution, last)
        self._gone.add(id(match.join))

    def _keep_axis(
        self, before: FileOperator, after: FileOperator, convolution: FileOperator, last: int
    ) -> None:
        """Write the operators around a convolution in one dimension for the whole length."""
        axis = self._constant(f"{self.tensors[before.outputs[0]].name}/axis", np.array(1))
        inputs = (before.inputs[0], axis)
        self._joined[id(before)] = [FileOperator("EXPAND_DIMS", 1, inputs, before.outputs, {})]
        squeeze = {"squeeze_dims": [1]}
        squeezed = FileOperator("SQUEEZE", 1, convolution.outputs, (last,), squeeze)
        self._joined[id(after)] = [squeezed]

    def _constant(self, name: str, data: Array) -> int:
        array = data.astype(np.int32)
        tensor = FileTensor(name, array.shape, "INT32", DType.INT32, None, array, "")
        self.tensors.append(tensor)
        return len(self.tensors) - 1


def _match(
    join: FileOperator, makers: dict[int, FileOperator], reads: Counter[int | None]
) -> _Match | None:
    """Return the operators that end in ``join``, where nothing else reads what is in between."""
    if join.op != "BATCH_TO_SPACE_ND" or len(join.outputs) != 1 or join.oddity:
        return None
    chain = [join]
    while len(chain) < 5 and chain[-1].op != _SPLIT:  # noqa: PLR2004
        number = chain[-1].inputs[0] if chain[-1].inputs else None
        maker = makers.get(number) if number is not None else None
        if maker is None or reads[number] != 1 or len(maker.outputs) != 1 or maker.oddity:
            return None
        chain.append(maker)
    return _ordered(chain[::-1])


def _ordered(chain: Sequence[FileOperator]) -> _Match | None:
    names = [each.op for each in chain]
    if names[0] != _SPLIT or chain[0].inputs[:1] == (None,):
        return None
    if len(chain) == 3 and _is_convolution(chain[1]):  # noqa: PLR2004
        return _Match(chain[0], None, chain[1], None, chain[2])
    if (
        len(chain) == 5  # noqa: PLR2004
        and names[1] in _ADDS_AN_AXIS
        and _is_convolution(chain[2])
        and names[3] in _TAKES_AN_AXIS
    ):
        return _Match(*chain)
    return None


def _is_convolution(operator: FileOperator) -> bool:
    return "dilation_h_factor" in operator.attrs


def _is_plain(convolution: FileOperator) -> bool:
    """Tell whether a convolution has no border, steps or dilation of its own."""
    attrs = convolution.attrs
    steps = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
    return attrs.get("padding") == "VALID" and all(attrs.get(key, 1) == 1 for key in steps)
