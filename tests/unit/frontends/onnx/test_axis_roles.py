"""Open axes: what reads one says what it is, and only a batch becomes 1 by itself."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_models import OnnxBuilder

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.frontends.shapes import parse_shapes
from edgec.ir import Graph

HIDDEN, INPUTS = 5, 6
Build = Callable[[OnnxBuilder, str], str]
Shape = Sequence[int | str | None]


def written(folder: Path, build: Build, shape: Shape, opset: int = 17) -> Path:
    b = OnnxBuilder(opset)
    path = folder / "model.onnx"
    y = build(b, b.input("x", shape))
    path.write_bytes(b.model(y).SerializeToString())
    return path


def loaded(folder: Path, build: Build, shape: Shape, asked: str = "", opset: int = 17) -> Graph:
    return load_onnx(written(folder, build, shape, opset), parse_shapes(asked))


def refused(folder: Path, build: Build, shape: Shape, opset: int = 17) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        loaded(folder, build, shape, opset=opset)
    assert caught.value.code == "dynamic-shape"
    return caught.value


def recurrent(b: OnnxBuilder, x: str, op: str = "LSTM", **attributes: Any) -> str:
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    w, r = b.random(1, gates * HIDDEN, INPUTS), b.random(1, gates * HIDDEN, HIDDEN)
    return b.add(op, x, w, r, hidden_size=HIDDEN, **attributes)


@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_the_time_axis_is_asked_for(op: str, tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        return recurrent(b, x, op)

    problem = refused(tmp_path, build, ["T", 1, INPUTS])
    assert problem.message == (
        f"axis 0 of input 'x' is dynamic (named 'T'); it is the time axis: {op} '/{op}_0' takes a "
        "step for each element"
    )
    assert "--shape x=?,1,6" in problem.help
    assert "--shape x=16,1,6" in problem.help
    assert "--shape x=1,1,6" in problem.help
    assert "--state" in problem.help
    assert loaded(tmp_path, build, ["T", 1, INPUTS], "x=4,1,6").types
    assert loaded(tmp_path, build, ["T", 1, INPUTS], "x=1,1,6").remarks == ()


def test_where_steps_come_first_the_batch_is_the_second_axis(tmp_path: Path) -> None:
    """The exporter left both open: the batch becomes 1, the time is asked for."""
    problem = refused(tmp_path, recurrent, ["seq", "batch", INPUTS])
    assert "axis 0" in problem.message
    assert "--shape x=?,1,6" in problem.help
    graph = loaded(tmp_path, recurrent, [7, "batch", INPUTS])
    assert graph.types[graph.inputs[0]].shape == (7, 1, INPUTS)


def batch_first(b: OnnxBuilder, x: str) -> str:
    """PyTorch's exporter transposes in front of the layer."""
    return recurrent(b, b.add("Transpose", x, perm=[1, 0, 2]))


def test_a_batch_in_front_is_still_one(tmp_path: Path) -> None:
    graph = loaded(tmp_path, batch_first, ["T", 7, INPUTS])  # whatever it is called
    assert graph.types[graph.inputs[0]].shape == (1, 7, INPUTS)
    assert graph.remarks == ()
    problem = refused(tmp_path, batch_first, ["batch", "seq", INPUTS])
    assert problem.message.startswith(
        "axis 1 of input 'x' is dynamic (named 'seq'); it is the time"
    )
    assert "--shape x=1,16,6" in problem.help


def alone(b: OnnxBuilder, x: str) -> str:
    """PyTorch's layers take sequences without a batch: [T, F]."""
    return recurrent(b, b.add("Unsqueeze", b.add("Relu", x), b.ints(1)))


def behind_a_layer(b: OnnxBuilder, x: str) -> str:
    y = b.add("Add", b.add("MatMul", x, b.random(8, INPUTS)), b.random(INPUTS))
    return recurrent(b, y)


def behind_a_flattened_layer(b: OnnxBuilder, x: str) -> str:
    rows = b.linear(b.add("Reshape", x, b.ints(-1, 8)), 8, INPUTS)
    return recurrent(b, b.add("Reshape", rows, b.ints(-1, 1, INPUTS)))


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (alone, ["T", INPUTS]),
        (behind_a_layer, ["T", 1, 8]),
        (behind_a_flattened_layer, ["T", 1, 8]),
    ],
)
def test_time_is_followed_to_the_layer(build: Build, shape: Shape, tmp_path: Path) -> None:
    assert "it is the time axis: LSTM" in refused(tmp_path, build, shape).message


def turned_convolution(b: OnnxBuilder, x: str) -> str:
    """Channels last, without a batch: [L, C] -> [1, C, L]."""
    turned = b.add("Unsqueeze", b.add("Transpose", x, perm=[1, 0]), b.ints(0))
    return b.conv(turned, (2, 3), (3,))


def mean_of_rows(b: OnnxBuilder, x: str) -> str:
    return b.add("ReduceMean", b.linear(x, 4, 3), axes=[0])


def attention(b: OnnxBuilder, x: str) -> str:
    scores = b.add("MatMul", x, b.add("Transpose", x, perm=[1, 0]))
    return b.add("MatMul", b.add("Softmax", scores, axis=-1), x)


@pytest.mark.parametrize(
    ("build", "shape", "says"),
    [
        (turned_convolution, ["n", 2], "it is the length that Conv '/Conv_2' runs along"),
        (mean_of_rows, ["n", 4], "it is an axis that ReduceMean '/ReduceMean_1' reduces"),
        (attention, ["n", 4], "it is an axis that"),
    ],
)
def test_a_first_axis_that_is_worked_along_is_no_batch(
    build: Build, shape: Shape, says: str, tmp_path: Path
) -> None:
    assert says in refused(tmp_path, build, shape).message


def test_every_open_axis_is_named(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        return b.add("GlobalAveragePool", b.conv(x, (2, 3)))

    problem = refused(tmp_path, build, ["batch", 2, "h", "w"])
    assert "axis 2 of input 'x' is dynamic (named 'h'); it is the height that" in problem.message
    assert problem.notes[0].startswith("so is axis 3 (named 'w'); it is the width that")
    assert "--shape x=1,2,?,?" in problem.help


@pytest.mark.parametrize(
    "build",
    [
        lambda b, x: b.linear(x, 4, 3),
        lambda b, x: b.add("Softmax", b.linear(x, 4, 3), axis=-1),
        lambda b, x: b.add("LayerNormalization", x, b.random(4), b.random(4)),
        lambda b, x: b.add("ReduceSum", x, b.ints(1), keepdims=0),
    ],
)
def test_other_networks_keep_their_batch_of_one(build: Build, tmp_path: Path) -> None:
    graph = loaded(tmp_path, build, ["batch", 4])
    assert graph.types[graph.inputs[0]].shape == (1, 4)
    assert graph.remarks == ()


def test_a_mask_is_followed_to_what_counts_it(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        zero, axes = b.weight(np.array(0, np.float32)), b.ints(1)
        return b.add("ReduceSum", b.add("Cast", b.add("Greater", x, zero), to=1), axes)

    problem = refused(tmp_path, build, ["N", "T"])
    assert problem.message == (
        "axis 1 of input 'x' is dynamic (named 'T'); it is an axis that ReduceSum '/ReduceSum_2' "
        "reduces"
    )


def test_softmax_of_old_files_takes_all_from_its_axis_on(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        return b.add("Softmax", x, axis=1)

    assert "compares along" in refused(tmp_path, build, [1, 4, "n"], opset=11).message
    assert "compares" not in refused(tmp_path, build, [1, 4, "n"], opset=13).message


def test_a_name_that_is_no_batch_is_remarked_on(tmp_path: Path) -> None:
    """Each row by itself: a batch of 1 is right, if it is what was meant."""

    def build(b: OnnxBuilder, x: str) -> str:
        return b.linear(x, 4, 3)

    (remark,) = loaded(tmp_path, build, ["frames", 4]).remarks
    assert "axis 0 of input 'x' is open and named 'frames'; 1 was taken" in remark
    assert remark.endswith("--shape x=16,4")
    assert loaded(tmp_path, build, ["frames", 4], "x=16,4").remarks == ()


def test_nodes_that_make_no_sense_are_left_to_their_importers(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        return b.add("Transpose", b.add("Transpose", x, perm=[5, 0]), perm=[0, 0, 0])

    with pytest.raises(EdgecError) as caught:
        load_onnx(written(tmp_path, build, ["n", 4]))
    assert caught.value.code != "dynamic-shape"


@pytest.mark.parametrize("kind", [np.int64, np.int32])
def test_a_sum_that_runs_along_another_axis_leaves_the_batch(kind: type, tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        return b.add("CumSum", x, b.weight(np.array(1, kind)))

    graph = loaded(tmp_path, build, ("batch", 4, 3))
    assert graph.types[graph.inputs[0]].shape == (1, 4, 3)
    with pytest.raises(EdgecError, match="sums over"):
        loaded(tmp_path, build, (2, "many", 3))
