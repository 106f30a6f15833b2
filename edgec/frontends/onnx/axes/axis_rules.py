"""What each ONNX operator says of an axis that it reads: what it is, how long, where it goes on."""

from collections.abc import Callable, Iterator, Mapping
from math import prod

from edgec.frontends.onnx.axes.axis_reading import Reading, Role, Spot, Told

_VALUES = 2  # an input of Attention
_SOFTMAX_OF_ONE_AXIS = 13  # before, it takes all from its axis on together
_IMAGE_RANK = 4
_LAYOUT_FIRST = 2  # where batches are in all steps of a recurrent layer, without ``layout``

# fmt: off
_UNARY = frozenset({
    "Abs", "Atan", "Cast", "CastLike", "Ceil", "Celu", "Clip", "Cos", "DequantizeLinear",
    "Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity",
    "LeakyRelu", "Log", "Mish", "Neg", "Not", "QuantizeLinear", "Reciprocal", "Relu", "Round",
    "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Swish", "Tanh",
    "ThresholdedRelu",
})
_BROADCASTING = frozenset({
    "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean",
    "Min", "Mod", "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where", "Xor",
})
_SLIDING = frozenset({
    "AveragePool", "Conv", "ConvTranspose", "DepthToSpace", "GlobalAveragePool", "GlobalMaxPool",
    "GroupNormalization", "InstanceNormalization", "MaxPool", "SpaceToDepth",
})
_WITH_KERNEL = frozenset({"Conv", "ConvTranspose"})
_REDUCING = frozenset({
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
})
# fmt: on

_Found = Iterator[Told]


def _unary(r: Reading) -> _Found:
    if r.index == 0:
        yield from r.to(r.axis)


def _broadcasting(r: Reading) -> _Found:
    """What another input has along the axis, counted from the end, the axis has, too."""
    for index in range(len(r.node.input)):
        extent = r.extent(index, r.axis - r.rank) if index != r.index else 1
        if extent != 1:
            yield from r.meets(extent, f"the length of {r.node.input[index]!r} in", is_loose=True)
    yield from r.to_broadcast()


def _batch_norm(r: Reading) -> _Found:
    if r.index == 0 and r.axis == 1:
        yield from r.meets(r.extent(1, 0), "the channels of")
    yield from _unary(r)


def _sliding(r: Reading) -> _Found:
    if r.index:
        return
    if r.axis == 0:
        yield Role(f"the batch of {r.name}", is_batch=True)
        yield from r.to(0)
    elif r.axis == 1:
        yield Role(f"the channels of {r.name}")
        yield from r.meets(_channels(r), "the channels of")
    else:
        places = ("height", "width") if r.rank == _IMAGE_RANK else ("length",)
        what = places[r.axis - 2] if r.axis - 2 < len(places) else "a place"
        yield Role(f"the {what} that {r.name} runs along")
        yield from _slid(r)


def _channels(r: Reading) -> int | None:
    """Return the channels that the weights of a sliding operator are for."""
    op, group = r.node.op_type, int(r.attributes.get("group", 1))
    if op == "Conv":
        each = r.extent(1, 1)
        return None if each is None else group * each
    return r.extent(1, 0) if op in {"ConvTranspose", "InstanceNormalization"} else None


def _slid(r: Reading) -> _Found:
    """Go on behind a window, whose output has known places only where it takes steps of 1."""
    if r.node.op_type == "InstanceNormalization":
        yield from r.to(r.axis)
    place, count = r.axis - 2, r.rank - 2
    if r.node.op_type not in {"AveragePool", "Conv", "MaxPool"}:
        return
    kernel = r.attributes.get("kernel_shape", ())
    width = kernel[place] if len(kernel) == count else r.extent(1, r.axis)
    strides, dilations, pads = (
        r.attributes.get(name, [default] * number)
        for name, default, number in (
            ("strides", 1, count),
            ("dilations", 1, count),
            ("pads", 0, 2 * count),
        )
    )
    auto = r.attributes.get("auto_pad", b"NOTSET")
    if width is None or strides[place] != 1 or auto not in {b"NOTSET", b"VALID"}:
        yield from r.to_unknown(r.axis)
        return
    border = pads[place] + pads[place + count] if auto == b"NOTSET" else 0
    yield from r.to_longer(border - dilations[place] * (width - 1), r.axis)


def _recurrent(r: Reading) -> _Found:
    layout = int(r.attributes.get("layout", 0))
    is_state = r.index > 4  # noqa: PLR2004 - after X, W, R, B and the lengths
    batch = (0 if layout else 1) if r.index == 0 or is_state else -1
    if r.axis == batch:
        yield Role(f"the batch of {r.name}", is_batch=True)
        yield from r.to(0 if layout else _LAYOUT_FIRST, 4)
        yield from r.to(batch, 3, output=1)
    elif r.index == 0 and r.axis == 1 - batch:
        yield Role(f"the time axis: {r.name} takes a step for each element", is_time=True)
    elif r.axis == 2 and (r.index == 0 or is_state):  # noqa: PLR2004 - behind time and batch
        yield from r.meets(r.extent(2 if is_state else 1, 2), "the features of")


def _transpose(r: Reading) -> _Found:
    perm = list(r.attributes.get("perm", range(r.rank - 1, -1, -1)))
    if r.axis in perm:
        yield from r.to(perm.index(r.axis))


def _unsqueeze(r: Reading) -> _Found:
    listed = r.numbers("axes", 1)
    if r.index or listed is None:
        return
    rank = r.rank + len(listed)
    added = {each % rank for each in listed}
    kept = [axis for axis in range(rank) if axis not in added]
    yield from r.to(kept[r.axis], rank)


def _squeeze(r: Reading) -> _Found:
    removed = r.axes()
    if r.index or removed is None:
        return
    if r.axis in removed:
        yield from r.meets(1, "the only length for")
    else:
        yield from r.without(removed)


def _reducing(r: Reading) -> _Found:
    removed = r.axes()
    if r.index:
        return
    if removed is None:
        removed = set() if r.attributes.get("noop_with_empty_axes") else set(range(r.rank))
    if r.axis in removed:
        yield r.mixed("reduces")
    elif r.attributes.get("keepdims", 1):
        yield from r.to(r.axis)
    else:
        yield from r.without(removed)


def _along(how: str, default: int, *, to_end: bool = False) -> Callable[[Reading], _Found]:
    """Return the rule of operators that work along ``axis``; ``to_end``: and all behind it."""

    def rule(r: Reading) -> _Found:
        first = int(r.attributes.get("axis", default)) % r.rank
        if r.index:
            return
        if r.axis == first or (to_end and r.axis > first):
            yield r.mixed(how)
        else:
            yield from r.to(r.axis)

    return rule


def _cum_sum(r: Reading) -> _Found:
    """The axis is an input; one that is not known may be any."""
    summed = r.axes()
    if r.index:
        return
    if summed is None or r.axis in summed:
        yield r.mixed("sums over")
    else:
        yield from r.to(r.axis)


def _attention(r: Reading) -> _Found:
    """The first axis numbers runs; the others are heads, places and features."""
    if r.index > _VALUES:
        return
    if r.axis == 0:
        yield from r.to(0)
    else:
        yield r.mixed("attends to")


def _softmax(r: Reading) -> _Found:
    old = r.opset < _SOFTMAX_OF_ONE_AXIS
    yield from _along("compares along", 1 if old else -1, to_end=old)(r)


def _arg(r: Reading) -> _Found:
    axis = int(r.attributes.get("axis", 0)) % r.rank
    if r.axis == axis:
        yield r.mixed("compares along")


def _matmul(r: Reading) -> _Found:
    """The last axis of one and the last but one of the other are summed over."""
    summed = r.rank - 1 if r.index == 0 else max(r.rank - 2, 0)
    if r.axis == summed:
        yield r.mixed("sums over")
        other = 1 - r.index
        yield from r.meets(
            r.extent(other, -1) if other == 0 or len(r.shape(other)) == 1 else r.extent(other, -2),
            "the columns of" if r.index else "the rows of",
        )
    else:
        yield from r.to_broadcast()


def _gemm(r: Reading) -> _Found:
    if r.index > 1:
        return
    turned = bool(r.attributes.get("transB" if r.index else "transA", 0))
    if r.axis == (0 if bool(r.index) != turned else 1):
        yield r.mixed("sums over")
        across = bool(r.attributes.get("transA" if r.index else "transB", 0))
        axis = 1 if bool(r.index) != across else 0
        yield from r.meets(
            r.extent(1 - r.index, axis), "the columns of" if r.index else "the rows of"
        )
    else:
        yield from r.to(r.index)


def _flatten(r: Reading) -> _Found:
    first = int(r.attributes.get("axis", 1)) % r.rank if r.rank else 0
    start, end = (0, first) if r.axis < first else (first, r.rank)
    others = [r.extent(0, axis) for axis in range(start, end) if axis != r.axis]
    yield from _merged(r, others, int(r.axis >= first), 2)


def _merged(r: Reading, others: list[int | None], axis: int, rank: int) -> Iterator[Spot]:
    """Go on in an axis that is one with others, which are known or not."""
    known = [each for each in others if each is not None]
    factor = prod(known) if len(known) == len(others) else 0
    yield from r.to_merged(axis, rank, factor)


def _reshape(r: Reading) -> _Found:
    """What a shape has beside what is known of the input tells how long the rest is.

    The first axis stays the first where it is copied, or takes in what there is behind it.
    """
    shape = r.numbers("shape", 1)
    if r.index or not shape:
        return
    others = [r.extent(0, axis) for axis in range(r.rank) if axis != r.axis]
    known = [each for each in others if each is not None]
    copied = {axis: r.extent(0, axis) for axis, extent in enumerate(shape) if extent == 0}
    if -1 in shape or r.axis in copied or len(known) < len(others) or None in copied.values():
        yield from _reshaped(r, shape, others)
        return
    total, rest = divmod(
        prod(copied.get(axis) or each for axis, each in enumerate(shape)), prod(known)
    )
    if not rest:
        yield from r.meets(total, "the elements of")


def _reshaped(r: Reading, shape: list[int], others: list[int | None]) -> _Found:
    """Go on in an axis that is copied, or in the open one of the shape, which takes in others."""
    if r.axis < len(shape) and shape[r.axis] == 0:
        yield from r.to(r.axis, len(shape))
        return
    open_one = shape.index(-1) if -1 in shape else 0
    stated = [r.extent(0, axis) if each == 0 else each for axis, each in enumerate(shape)]
    known = [each for axis, each in enumerate(stated) if axis != open_one and each is not None]
    inner = [each for each in others if each is not None]
    exact = len(inner) == len(others) and len(known) == len(shape) - 1
    factor, rest = divmod(prod(inner), prod(known)) if exact and all(known) else (0, 1)
    if -1 in shape and not rest:
        yield from r.to_merged(open_one, len(shape), factor)
    elif r.axis == 0 and shape[0] == -1:
        yield from r.to_unknown(0, len(shape))


def _concat(r: Reading) -> _Found:
    """Go on along the axis beside known parts; along others all parts are alike."""
    joined = int(r.attributes.get("axis", 0)) % r.rank
    others = [index for index in range(len(r.node.input)) if index != r.index]
    if r.axis != joined:
        for index in others:
            yield from r.meets(r.extent(index, r.axis), f"the length of {r.node.input[index]!r} in")
        yield from r.to(r.axis)
        return
    known = [each for index in others if (each := r.extent(index, joined)) is not None]
    if len(known) == len(others):
        yield from r.to_longer(sum(known), r.axis)
    else:
        yield from r.to_unknown(r.axis)


def _split(r: Reading) -> _Found:
    """Go on where an operator works along another axis; stated parts tell the whole."""
    if r.index:
        return
    if r.axis != int(r.attributes.get("axis", 0)) % r.rank:
        for output in range(len(r.node.output)):
            yield from r.to(r.axis, output=output)
    elif parts := r.numbers("split", 1):
        yield from r.meets(sum(parts), "the parts of")


def _pad(r: Reading) -> _Found:
    pads = r.numbers("pads", 1)
    if r.index:
        return
    if pads is None or len(pads) != 2 * r.rank:
        yield from r.to_unknown(r.axis)
    else:
        yield from r.to_longer(pads[r.axis] + pads[r.axis + r.rank], r.axis)


def _slice(r: Reading) -> _Found:
    """A part of an axis is what the axis is; how long it is depends."""
    starts, axes = r.numbers("starts", 1), r.axes("axes", 3)
    if r.index:
        return
    cut = axes if axes is not None else set(range(len(starts or range(r.rank))))
    yield from r.to_unknown(r.axis) if r.axis in cut else r.to(r.axis)


def _layer_norm(r: Reading) -> _Found:
    first = int(r.attributes.get("axis", -1)) % r.rank
    if r.index == 0 and r.axis >= first:
        yield from r.meets(r.extent(1, r.axis - r.rank), "the weights of")
    yield from _along("normalizes over", -1, to_end=True)(r)


Rule = Callable[[Reading], _Found]
RULES: Mapping[str, Rule] = {
    **dict.fromkeys(_UNARY, _unary),
    **dict.fromkeys(_BROADCASTING, _broadcasting),
    **dict.fromkeys(_SLIDING, _sliding),
    **dict.fromkeys(_REDUCING, _reducing),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), _recurrent),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), _softmax),
    **dict.fromkeys(("ArgMax", "ArgMin"), _arg),
    "Attention": _attention,
    "CumSum": _cum_sum,
    "TopK": _along("compares along", -1),
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "LpNormalization": _along("normalizes over", -1),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Concat": _concat,
    "Split": _split,
    "Pad": _pad,
    "Slice": _slice,
}
"""What operators of ONNX's own domain say, by name."""
