"""Calibration sees every value of every sample."""

import numpy as np
import pytest
from equivalence import floats, graph_of

from edgec.errors import EdgecError
from edgec.ir import Graph, GraphBuilder, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.ranges.observers import Range
from edgec.quantization.samples.samples import Samples

X, Y = ValueName("x"), ValueName("y")


def doubled_relu(factor: float = 2.0) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        y = g.add1(
            Mul(),
            g.input("x", floats(1, 2)),
            g.constant("c", np.array([factor], np.float32)),
            name="y",
        )
        return [g.add1(Relu(), y, name="z")]

    return graph_of(build)


def samples(*rows: tuple[float, float]) -> Samples:
    return Samples({X: np.array(rows, np.float32).reshape(-1, 1, 2)})


def test_ranges_are_the_extremes_over_all_samples() -> None:
    ranges = calibrate(doubled_relu(), samples((1, -3), (2, 0), (0.5, -1)))
    assert ranges == {
        X: Range(-3.0, 2.0),
        Y: Range(-6.0, 4.0),
        ValueName("z"): Range(0.0, 4.0),
    }


def test_progress_counts_the_samples() -> None:
    seen: list[tuple[int, int]] = []
    calibrate(doubled_relu(), samples((1, 2), (3, 4)), lambda *each: seen.append(each))
    assert seen == [(2, 2)]


def test_a_value_that_overflows_is_named() -> None:
    with pytest.raises(EdgecError) as caught:
        calibrate(doubled_relu(3e38), samples((1, 1), (10, 1)))
    assert caught.value.code == "non-finite-activation"
    assert caught.value.place.inside == "node 'y'"


def test_vast_values_are_named_before_their_scales_overflow() -> None:
    with pytest.raises(EdgecError, match=r"on the samples the output of \w+ reaches 9e\+18"):
        calibrate(doubled_relu(9e17), samples((1, 1), (10, 1)))


def test_vast_weights_are_named() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w = g.constant("w", np.array([[1e-9, 3e38]], np.float32))
        return [g.add1(FullyConnected(), g.input("x", floats(1, 2)), w, name="dense")]

    with pytest.raises(EdgecError, match=r"the constant 'w' reaches 3e\+38") as caught:
        calibrate(graph_of(build), samples((1, 0), (2, 0)))
    assert caught.value.place.inside == "node 'dense'"


def test_the_range_of_nothing_is_zero() -> None:
    assert Range.of(np.zeros(0)) == Range(0.0, 0.0)
