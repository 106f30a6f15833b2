"""Open axes whose extent the model tells: by the weights, constants and shapes that they meet."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx_models import OnnxBuilder

from edgec.errors import EdgecError, ExitCode
from edgec.frontends.onnx.load import load_onnx
from edgec.frontends.shapes import parse_shapes
from edgec.ir import Graph, evaluate

Build = Callable[..., str]
Shape = Sequence[int | str | None]


def written(folder: Path, build: Build, shapes: Sequence[Shape], opset: int = 17) -> Path:
    b = OnnxBuilder(opset)
    inputs = [b.input(f"x{index}", shape) for index, shape in enumerate(shapes)]
    path = folder / "model.onnx"
    path.write_bytes(b.model(build(b, *inputs)).SerializeToString())
    return path


def loaded(folder: Path, build: Build, *shapes: Shape, asked: str = "") -> Graph:
    return load_onnx(written(folder, build, shapes), parse_shapes(asked))


def problems(folder: Path, build: Build, *shapes: Shape, asked: str = "") -> list[EdgecError]:
    with pytest.raises(EdgecError) as caught:
        loaded(folder, build, *shapes, asked=asked)
    return list(caught.value.problems())


def scaled(b: OnnxBuilder, x: str) -> str:
    """Standardize, as sklearn's scaler in front of a network does."""
    return b.add("Relu", b.add("Div", b.add("Sub", x, b.random(6)), b.random(6)))


def convolved(b: OnnxBuilder, x: str) -> str:
    return b.linear(b.add("Flatten", b.add("Relu", b.conv(x, (3, 4), (3,), pads=[0, 0]))), 72, 5)


def two_heads(b: OnnxBuilder, x: str, y: str) -> str:
    return b.add("Add", b.linear(x, 5, 3), b.linear(y, 7, 3))


def joined(b: OnnxBuilder, x: str, y: str) -> str:
    return b.linear(b.add("Concat", x, y, axis=1), 9, 3)


def turned(b: OnnxBuilder, x: str) -> str:
    return b.conv(b.add("Transpose", x, perm=[0, 3, 1, 2]), (3, 4))


def quantized_weights(b: OnnxBuilder, x: str) -> str:
    integers = b.weight(b.rng.integers(-9, 9, (3, 8)).astype(np.int8))
    scale, zero = b.weight(np.float32(0.1)), b.weight(np.int8(0))
    rows = b.add("DequantizeLinear", integers, scale, zero)
    return b.add("MatMul", x, b.add("Transpose", rows, perm=[1, 0]))


def recurrent(b: OnnxBuilder, x: str) -> str:
    return b.add("LSTM", x, b.random(1, 20, 6), b.random(1, 20, 5), hidden_size=5)


CASES: list[tuple[Build, list[Shape], list[tuple[int, ...]], str]] = [
    (lambda b, x: b.add("MatMul", x, b.random(14, 3)), [["n"]], [(14,)], "the rows of MatMul"),
    (lambda b, x: b.add("MatMul", b.random(3, 14), x), [["n"]], [(14,)], "the columns of MatMul"),
    (lambda b, x: b.linear(x, 9, 3), [["batch", None]], [(1, 9)], "the rows of Gemm"),
    (scaled, [["batch_size"]], [(6,)], "the length of 'w0' in Sub"),
    (scaled, [["batch", "n"]], [(1, 6)], "the length of 'w0' in Sub"),
    (lambda b, x: b.conv(x, (3, 4)), [["n", "c", 8, 8]], [(1, 3, 8, 8)], "the channels of Conv"),
    (
        lambda b, x: b.conv(x, (6, 6), group=6),
        [["n", None, 8, 8]],
        [(1, 6, 8, 8)],
        "the channels of Conv",
    ),
    (
        lambda b, x: b.add("ConvTranspose", x, b.random(3, 2, 2, 2)),
        [[1, "c", 8, 8]],
        [(1, 3, 8, 8)],
        "the channels of ConvTranspose",
    ),
    (lambda b, x: b.batch_norm(x, 5), [["n", "c", 4]], [(1, 5, 4)], "the channels of BatchNorm"),
    (convolved, [["n", "c", "l"]], [(1, 3, 20)], "the rows of Gemm"),
    (two_heads, [["n", "a"], ["n", "b"]], [(1, 5), (1, 7)], "the rows of Gemm '/Gemm_1'"),
    (joined, [["n", "a"], ["n", 4]], [(1, 5), (1, 4)], "the rows of Gemm"),
    (turned, [["n", 8, 8, None]], [(1, 8, 8, 3)], "the channels of Conv"),
    (quantized_weights, [["n", "m"]], [(1, 8)], "the rows of MatMul"),
    (recurrent, [[10, "n", "f"]], [(10, 1, 6)], "the features of LSTM"),
    (
        lambda b, x: b.add("Reshape", x, b.ints(1, 28)),
        [["n", "m", 4]],
        [(1, 7, 4)],
        "the elements of Reshape",
    ),
    (
        lambda b, x: b.linear(b.add("Reshape", x, b.ints(1, -1)), 28, 5),
        [["n", "m", 4]],
        [(1, 7, 4)],
        "the rows of Gemm",
    ),
    (
        lambda b, x: b.add("Split", x, b.ints(2, 3), axis=1, outputs=2),
        [["n", "m"]],
        [(1, 5)],
        "the parts of Split",
    ),
    (
        lambda b, x: b.add("LayerNormalization", x, b.random(6), b.random(6)),
        [["n", 3, "m"]],
        [(1, 3, 6)],
        "the weights of LayerNormalization",
    ),
    (
        lambda b, x: b.linear(b.add("Pad", x, b.ints(0, 1, 0, 2)), 9, 3),
        [["n", "m"]],
        [(1, 6)],
        "the rows of Gemm",
    ),
    (
        lambda b, x: b.add("Concat", x, b.random(2, 7), axis=0),
        [[1, "m"]],
        [(1, 7)],
        "the length of 'w0' in Concat",
    ),
    (lambda b, x: b.add("Add", x, b.random(16, 6)), [["T", 6]], [(16, 6)], "in Add '/Add_0'"),
]


@pytest.mark.parametrize(("build", "shapes", "wanted", "says"), CASES)
def test_an_axis_is_as_long_as_what_it_meets(
    build: Build,
    shapes: list[Shape],
    wanted: list[tuple[int, ...]],
    says: str,
    tmp_path: Path,
) -> None:
    """The same shapes run in onnxruntime, with the same result; a remark says what was taken."""
    graph = loaded(tmp_path, build, *shapes)
    assert [graph.types[each].shape for each in graph.inputs] == wanted
    assert any(says in each for each in graph.remarks), graph.remarks
    rng = np.random.default_rng(0)
    x = {n: rng.standard_normal(graph.types[n].shape).astype(np.float32) for n in graph.inputs}
    options = onnxruntime.SessionOptions()  # else it quantizes products of integers by itself
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", options)
    (expected,) = session.run(None, {str(name): array for name, array in x.items()})
    np.testing.assert_allclose(evaluate(graph, x)[graph.outputs[0]], expected, 1e-4, 1e-4)


def test_the_remark_names_axis_extent_and_reason(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        return b.add("MatMul", x, b.random(10, 3))

    assert loaded(tmp_path, build, ["batch_size"]).remarks == (
        "axis 0 of input 'x0' (named 'batch_size') was taken as 10, the rows of MatMul '/MatMul_0'",
    )
    assert loaded(tmp_path, build, [10]).remarks == ()
    assert loaded(tmp_path, build, ["batch_size"], asked="x0=10").remarks == ()


def test_a_batch_is_not_what_it_is_broadcast_with(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        return b.add("Add", b.conv(x, (2, 3)), b.random(4, 3, 1, 1))

    graph = loaded(tmp_path, build, ["n", 2, 5, 5])
    assert graph.types[graph.inputs[0]].shape == (1, 2, 5, 5)
    assert graph.remarks == ()


def test_two_operators_that_need_different_extents_are_both_named(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        left, right = (b.add("MatMul", x, b.random(rows, 3)) for rows in (5, 6))
        return b.add("Add", left, right)

    (problem,) = problems(tmp_path, build, ["n", "m"])
    assert problem.code == "dynamic-shape"
    assert "would have to be 5, the rows of MatMul '/MatMul_" in problem.message
    assert "and 6, the rows of MatMul '/MatMul_" in problem.message


def product(b: OnnxBuilder, x: str, y: str) -> str:
    return b.add("ReduceSum", b.add("Mul", x, b.add("Relu", y)), b.ints(1))


def test_one_line_asks_for_all_inputs(tmp_path: Path) -> None:
    found = problems(tmp_path, product, ["n", "a", 3], ["n", "b", 3])
    assert [each.code for each in found] == ["dynamic-shape"] * 2
    assert all("--shape x0=1,?,3 --shape x1=1,?,3" in each.help for each in found)


def test_axes_of_one_name_are_alike(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str, y: str) -> str:
        return b.add("Add", b.add("ReduceMean", x, axes=[1]), b.add("ReduceMean", y, axes=[1]))

    graph = loaded(tmp_path, build, ["n", "seq"], ["n", "seq"], asked="x1=1,6")
    assert [graph.types[each].shape for each in graph.inputs] == [(1, 6), (1, 6)]
    assert "axis 1 of input 'x0' (named 'seq') was taken as 6, as in input 'x1'" in graph.remarks


def test_an_extent_that_does_not_fit_is_the_users_not_the_files(tmp_path: Path) -> None:
    def build(b: OnnxBuilder, x: str) -> str:
        return b.conv(x, (3, 4))

    (problem,) = problems(tmp_path, build, ["n", "c", 8, 8], asked="x0=1,4,8,8")
    assert (problem.code, problem.exit_code) == ("invalid-shape", ExitCode.USAGE)
    assert "which has to be 3, the channels of Conv '/Conv_0'" in problem.message
    assert problem.help == "--shape x0=1,3,8,8"


def rows_of_four(b: OnnxBuilder, x: str) -> str:
    return b.add("Relu", b.add("Reshape", x, b.ints(-1, 4)))


def test_a_shape_with_which_a_node_cannot_run_is_no_malformed_file(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, rows_of_four, ["n", "m"], asked="x0=1,7")
    assert (problem.code, problem.exit_code) == ("invalid-shape", ExitCode.USAGE)
    assert "where input 'x0' is (1,7)" in problem.message
    (problem,) = problems(tmp_path, rows_of_four, ["n", 7])
    assert problem.code == "dynamic-shape"
    assert "--shape x0=?,7" in problem.help
