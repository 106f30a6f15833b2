"""Models and samples that hold what no firmware can be made of."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from cli.conftest import Cli
from cli.test_errors import check_error
from onnx import TensorProto, helper, numpy_helper


def float_model(folder: Path, node: Any, *constants: tuple[str, Any], inputs: int = 1) -> Path:
    """Write one node on x [1, 4], and its constants."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    stored = [numpy_helper.from_array(np.asarray(a, np.float32), name) for name, a in constants]
    graph = helper.make_graph([node], "g", [x][:inputs], [y], stored)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, folder / "m.onnx")
    return folder / "m.onnx"


def samples_of(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "s.npz", **arrays)
    return folder / "s.npz"


X = np.random.default_rng(0).standard_normal((8, 4)).astype(np.float32)


def test_a_model_without_inputs(cli: Cli, tmp_path: Path) -> None:
    ones = np.ones((1, 4))
    model = float_model(
        tmp_path, helper.make_node("Add", ["a", "b"], ["y"]), ("a", ones), ("b", ones), inputs=0
    )
    for command in (
        ["check", model],
        ["quantize", model, "--calib", "random", "-o", tmp_path / "o.tflite"],
    ):
        ended = cli(*command)
        assert ended.code == 1
        assert "no inputs" in ended.out + ended.err


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("op", ["Add", "Mul", "Div", "Sub", "Max", "PRelu"])
def test_constants_that_are_no_numbers(cli: Cli, tmp_path: Path, op: str, value: float) -> None:
    model = float_model(
        tmp_path, helper.make_node(op, ["x", "c"], ["y"]), ("c", [[1, value, 1, 1]])
    )
    quantize = [
        "quantize",
        model,
        "--calib",
        samples_of(tmp_path, x=X),
        "-o",
        tmp_path / "o.tflite",
    ]
    for command in (["check", model], quantize):
        assert cli(*command).code in {0, 1}
    if op == "Div" and not np.isnan(value):
        return  # its reciprocal is 0, or tiny
    ended = cli(*quantize)
    check_error(ended, "non-finite-activation", 1)
    assert "'c" in ended.err


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_attributes_that_are_no_numbers(cli: Cli, tmp_path: Path, value: float) -> None:
    model = float_model(tmp_path, helper.make_node("LeakyRelu", ["x"], ["y"], alpha=value))
    ended = cli("inspect", model)
    check_error(ended, "unsupported-attribute", 1)
    assert "alpha of leaky_relu" in ended.err


def test_no_bound_is_a_bound(cli: Cli, tmp_path: Path) -> None:
    model = float_model(
        tmp_path, helper.make_node("Clip", ["x", "lo", "hi"], ["y"]), ("lo", 0.0), ("hi", np.inf)
    )
    assert cli("check", model).code == 0


SAMPLES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "scalar label": (lambda p: np.savez(p, x=X, label=np.int64(3)), "samples-shape"),
    "empty label": (lambda p: np.savez(p, x=X, label=np.zeros((8, 0))), ""),
    "texts": (lambda p: np.savez(p, x=np.array(["a"] * 8)), "samples-dtype"),
    "structure": (lambda p: np.savez(p, x=np.zeros(8, [("a", "f4")])), "samples-dtype"),
    "objects": (lambda p: np.savez(p, x=np.array([{}] * 8, object)), "malformed-samples"),
    "scalar": (lambda p: np.savez(p, x=np.float32(1)), "samples-shape"),
    "nothing": (np.savez, "samples-keys"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_odd_samples(cli: Cli, tmp_path: Path, name: str) -> None:
    make, code = SAMPLES[name]
    path = tmp_path / "odd.npz"
    make(path)
    model = float_model(tmp_path, helper.make_node("Relu", ["x"], ["y"]))
    ended = cli("quantize", model, "--calib", path, "-o", tmp_path / "o.tflite")
    if code:
        check_error(ended, code, 1)
    else:
        assert ended.code == 0


@pytest.mark.parametrize("member", ["x", "x.npy", "other.txt"])
def test_a_member_that_is_no_array(cli: Cli, tmp_path: Path, member: str) -> None:
    path = samples_of(tmp_path, **({"x": X} if member == "other.txt" else {"z": X}))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, "these are no numbers")
    model = float_model(tmp_path, helper.make_node("Relu", ["x"], ["y"]))
    ended = cli("quantize", model, "--calib", path, "-o", tmp_path / "o.tflite")
    if member == "other.txt":
        assert ended.code == 0
    else:
        check_error(ended, "malformed-samples", 1)


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8", "bool"])
@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax", "ReduceSumSquare", "LpNormalization"])
def test_functions_of_constant_integers(cli: Cli, tmp_path: Path, op: str, dtype: str) -> None:
    """Nothing rounds them for us: an error at the door, not while they are folded or evaluated."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "z")]
    nodes = [
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node(op, ["c"], ["z"], name="odd"),
    ]
    stored = numpy_helper.from_array(np.array([[1, 0, 1, 1]], dtype), "c")
    graph = helper.make_graph(nodes, "g", [x], outputs, [stored])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = tmp_path / "m.onnx"
    model.write_bytes(made.SerializeToString())
    output = tmp_path / "q.tflite"
    for command in (("check", model), ("quantize", model, "--calib", "random", "-o", output)):
        ended = cli(*command)
        assert ended.code == 1, ended.err
        assert "error[unsupported-dtype]" in ended.err
        assert "node 'odd" in ended.err


def test_batch_normalization_of_integers(cli: Cli, tmp_path: Path) -> None:
    node = helper.make_node("BatchNormalization", ["c", "g", "g", "g", "g"], ["y"], name="odd")
    model = float_model(tmp_path, node, ("g", np.ones(4)))
    made = onnx.load(model)
    made.graph.initializer.append(numpy_helper.from_array(np.ones((1, 4), np.int64), "c"))
    onnx.save(made, model)
    ended = cli("check", model)
    assert ended.code == 1, ended.err
    assert "node 'odd'" in ended.err
