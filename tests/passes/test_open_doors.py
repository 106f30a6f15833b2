"""Integers at the door: brought back around an integer graph, one QUANTIZE each where it goes."""

from dataclasses import replace

import numpy as np
import pytest
from equivalence import graph_of
from ops.case import int8, int16

from edgec.ir import (
    Door,
    DType,
    Graph,
    GraphBuilder,
    QParams,
    TensorType,
    ValueName,
    evaluate,
    verify,
)
from edgec.ops.activations.relu import Relu
from edgec.passes.cleanup.open_doors import OpenDoors

X, Y = ValueName("x"), ValueName("y")


def q(scale: float, zero: int = 0) -> QParams:
    return QParams.per_tensor(scale, zero)


def relu(kind: TensorType) -> Graph:
    """Return a graph of one operator from x to y, both of one type."""

    def build(g: GraphBuilder) -> list[ValueName]:
        return [g.add1(Relu(), g.input("x", kind), name="y", qparams=kind.qparams)]

    return graph_of(build)


def opened(kind: TensorType, **doors: Door) -> Graph:
    wanted = {ValueName(name): door for name, door in doors.items()}
    graph = OpenDoors().run(replace(relu(kind), doors=wanted))
    verify(graph)
    assert not graph.doors
    return graph


def test_uint8_is_shifted_on_both_sides() -> None:
    door = Door(DType.UINT8, q(0.5, 125))
    graph = opened(int8((1, 4), 0.5, -3), x=door, y=door)
    assert (graph.inputs, graph.outputs) == ((X,), (Y,))
    assert [str(graph.types[v]) for v in (X, Y)] == ["uint8[1x4] {scale=0.5 zp=125}"] * 2
    assert [node.op.name for node in graph.nodes] == ["quantize", "relu", "quantize"]
    data = np.array([[0, 124, 126, 255]], np.uint8)
    assert evaluate(graph, {X: data})[Y].tolist() == [[125, 125, 126, 255]]


def test_equal_types_need_nothing() -> None:
    graph = opened(int8((1, 4), 0.5, -3), x=Door(DType.INT8, q(0.5, -3)))
    assert [node.op.name for node in graph.nodes] == ["relu"]


@pytest.mark.parametrize(
    ("inside", "door", "steps"),
    [
        (int8((1, 4), 0.5, -3), Door(DType.INT32, q(1.0)), 1),
        (int8((1, 4), 0.5, -3), Door(DType.INT16, q(0.25)), 1),
        (int16((1, 4), 0.25), Door(DType.UINT8, q(1.0)), 2),
        (int16((1, 4), 0.25), Door(DType.INT32, q(1.0)), 1),
        (TensorType((1, 4)), Door(DType.INT32, q(1.0)), 1),
        (TensorType((1, 4)), Door(DType.UINT8, q(1.0)), 1),
    ],
    ids=str,
)
def test_other_types_at_the_input(inside: TensorType, door: Door, steps: int) -> None:
    graph = opened(inside, x=door)
    assert graph.types[X] == door.of_shape((1, 4))
    assert len(graph.nodes) == steps + 1
    data = np.array([[0, 1, 7, 60]], door.dtype.numpy)
    wanted = data * door.qparams.scale
    found = evaluate(graph, {X: data})[Y]
    real = (
        found
        if inside.qparams is None
        else inside.qparams.scale * (found.astype(np.float64) - inside.qparams.zero_point)
    )
    assert np.abs(real - wanted).max() <= 0.25


@pytest.mark.parametrize("dtype", [DType.INT32, DType.UINT8])
@pytest.mark.parametrize("inside", [int8((1, 4), 0.5, -3), int16((1, 4), 0.25)], ids=str)
def test_other_types_at_the_output(inside: TensorType, dtype: DType) -> None:
    graph = opened(inside, y=Door(dtype, q(1.0)))
    assert graph.types[Y] == TensorType((1, 4), dtype, q(1.0))
    assert inside.qparams is not None
    data = np.array([[1, 5, 40, 100]], inside.dtype.numpy)
    real = inside.qparams.scale * (data.astype(np.float64) - inside.qparams.zero_point)
    found = evaluate(graph, {X: data})[Y]
    assert np.abs(found - np.maximum(real, 0)).max() <= 0.75  # TFLite rounds twice


def test_layouts_stay() -> None:
    inside = int8((1, 4, 4, 2), 0.5, -3)
    graph = replace(relu(inside), layouts={X: (0, 2, 3, 1)}, doors={X: Door(DType.UINT8, q(1.0))})
    assert OpenDoors().run(graph).layouts == {X: (0, 2, 3, 1)}
