"""Operators that move elements: permuted axes, shapes that do not fit, what TFLite cannot say."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.case import int8

from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.ir import Array, DType, GraphBuilder, Signature, TensorType
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.layers.transpose_conv2d import TransposeConv2D, tflite_crop
from edgec.ops.movement.depth_to_space import DepthToSpace, SpaceToDepth
from edgec.ops.movement.gather import Gather
from edgec.ops.movement.resize_bilinear import ResizeBilinear
from edgec.ops.movement.resize_nearest import ResizeNearest
from edgec.ops.movement.slice import Slice
from edgec.ops.movement.tile import Tile
from edgec.ops.operator import Operator
from edgec.ops.reductions.arg_max import ArgMax

SHAPE = (2, 3, 4, 5)


def run(op: Operator, x: Array) -> Array:
    kind = TensorType(x.shape, DType.of(x))
    (y,) = op.evaluate([x], Signature((kind,), op.infer([kind])))
    return y


def draw_slice(data: st.DataObject) -> Slice:
    op = Slice.whole(SHAPE)
    for axis, extent in enumerate(SHAPE):
        places = data.draw(st.tuples(st.integers(0, extent - 1), st.integers(0, extent - 1)))
        step = data.draw(st.integers(1, 3)) * (1 if places[1] >= places[0] else -1)
        op = op.along(axis, places[0], abs(places[1] - places[0]) // abs(step) + 1, step)
    return op


def draw_gather(data: st.DataObject) -> Gather:
    axis = data.draw(st.integers(0, 3))
    places = data.draw(st.lists(st.integers(0, SHAPE[axis] - 1), min_size=1, max_size=6))
    return Gather(axis=axis, indices=tuple(places))


def draw_tile(data: st.DataObject) -> Tile:
    return Tile(repeats=data.draw(st.tuples(*[st.integers(1, 3)] * 4)))


def draw_arg_max(data: st.DataObject) -> ArgMax:
    smallest, last = data.draw(st.booleans()), data.draw(st.booleans())
    return ArgMax(axis=data.draw(st.integers(0, 3)), smallest=smallest, last=last)


@pytest.mark.parametrize("draw", [draw_slice, draw_gather, draw_tile, draw_arg_max])
@given(data=st.data())
def test_permuted_operators_do_the_same_to_permuted_tensors(
    draw: Callable[[st.DataObject], Operator], data: st.DataObject
) -> None:
    op = draw(data)
    perm = data.draw(st.permutations(range(4)))
    x = np.random.default_rng(0).integers(-9, 9, SHAPE).astype(np.int8)
    follower = op.permuted(perm)
    assert follower is not None
    expected = run(op, x).transpose(perm)
    assert run(follower, np.ascontiguousarray(x.transpose(perm))).tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.bool_, np.float32])
@pytest.mark.parametrize(
    "op",
    [
        Slice.whole((4, 3)).along(0, 3, 2, -2),
        Gather(axis=1, indices=(2, 0, 0)),
        Tile(repeats=(1, 2)),
    ],
    ids=str,
)
def test_any_element_type_is_moved(op: Operator, dtype: type[np.generic]) -> None:
    x = np.arange(12).reshape(4, 3)
    moved = run(op, x.astype(dtype))
    assert moved.dtype == dtype
    assert moved.tolist() == run(op, x).astype(dtype).tolist()


@pytest.mark.parametrize(
    ("op", "shapes"),
    [
        (Slice(starts=(0,), sizes=(1,), steps=(1,)), [(2, 3)]),
        (Slice(starts=(1,), sizes=(3,), steps=(1,)), [(3,)]),
        (Slice(starts=(1,), sizes=(3,), steps=(-1,)), [(3,)]),
        (Slice(starts=(0,), sizes=(2,), steps=(0,)), [(3,)]),
        (Slice(starts=(-1,), sizes=(1,), steps=(1,)), [(3,)]),
        (Gather(axis=1, indices=(3,)), [(2, 3)]),
        (Gather(axis=2, indices=(0,)), [(2, 3)]),
        (Tile(repeats=(2,)), [(2, 3)]),
        (ArgMax(axis=2), [(2, 3)]),
        (ArgMax(axis=0), [(0, 3)]),
        (DepthToSpace(block=2), [(1, 2, 2, 6)]),
        (SpaceToDepth(block=2), [(1, 2, 3, 4)]),
        (ResizeNearest(rows=(0, 2), columns=(0,)), [(1, 2, 2, 3)]),
        (ResizeNearest(rows=(), columns=(0,)), [(1, 2, 2, 3)]),
        (ResizeBilinear(size=(0, 3)), [(1, 2, 2, 3)]),
        (ResizeBilinear(size=(4, 3)), [(2, 2, 3)]),
        (BatchMatMul(), [(2, 3), (4, 5)]),
        (BatchMatMul(), [(3,), (3, 5)]),
        (BatchMatMul(adj_y=True), [(2, 3, 4), (3, 5, 4)]),
    ],
    ids=str,
)
def test_shapes_that_do_not_fit(op: Operator, shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        op.infer([TensorType(shape) for shape in shapes])


@pytest.mark.parametrize(
    ("strides", "crop", "size", "weights", "bias"),
    [
        ((0, 1), (0, 0), (4, 4), (2, 3, 3, 5), 2),
        ((1, 1), (-1, 0), (4, 4), (2, 3, 3, 5), 2),
        ((1, 1), (0, 0), (4, 0), (2, 3, 3, 5), 2),
        ((1, 1), (0, 0), (4, 1 << 20), (2, 3, 3, 5), 2),
        ((1 << 30, 1), (0, 0), (4, 4), (2, 3, 3, 5), 2),
        ((1, 1), (0, 0), (4, 4), (2, 3, 3, 4), 2),
        ((1, 1), (0, 0), (4, 4), (2, 3, 5), 2),
        ((1, 1), (0, 0), (4, 4), (2, 3, 3, 5), 3),
    ],
)
def test_transposed_convolutions_that_do_not_fit(
    strides: tuple[int, int],
    crop: tuple[int, int],
    size: tuple[int, int],
    weights: tuple[int, ...],
    bias: int,
) -> None:
    op = TransposeConv2D(strides=strides, crop=crop, size=size)
    kinds = [TensorType((1, 4, 4, 5)), TensorType(weights), TensorType((bias,))]
    with pytest.raises(ValueError, match=r"transpose_conv2d|bias"):
        op.infer(kinds)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "same", "valid"),
    [(8, 4, 2, 1, 0), (8, 3, 2, 0, 0), (6, 2, 2, 0, 0), (5, 5, 1, 2, 0), (1, 20, 5, 9, 2)],
)
def test_crop_of_tflite_padding(size: int, kernel: int, stride: int, same: int, valid: int) -> None:
    found = [
        tflite_crop((size, size), (kernel, kernel), (stride, stride), padding)
        for padding in ("SAME", "VALID")
    ]
    assert found == [(same, same), (valid, valid)]


@pytest.mark.parametrize(
    ("op", "shape"),
    [
        (ArgMax(axis=1, last=True), (2, 3)),
        (ResizeBilinear(size=(66, 1)), (1, 1, 1, 2)),
    ],
    ids=str,
)
def test_what_tflite_cannot_say_is_not_exported(op: Operator, shape: Sequence[int]) -> None:
    g = GraphBuilder("g")
    x = int8(shape, 0.1)
    quantized = isinstance(op, ArgMax)
    y = g.add1(op, g.input("x", x), name="node", qparams=None if quantized else x.qparams)
    with pytest.raises(EdgecError, match="TFLite") as caught:
        write_tflite(g.build([y]))
    assert caught.value.code == "cannot-export"
    assert "'node'" in str(caught.value.place)
