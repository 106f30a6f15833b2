"""Outputs that do not depend on the inputs: constants in flash, in every form a model takes."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from oracle import run_tflite
from tflite_files import Q, constant, conv_tensors, file

from edgec.driver import BuildOptions, build, open_output, run, run_regression
from edgec.driver.about.inspect import inspect
from edgec.driver.output import OutputInfo
from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.ir import Array, QParams, evaluate, verify

ANCHORS = np.arange(8, dtype=np.float32).reshape(2, 4) / 7
DATA: dict[str, Array] = {
    "float32": ANCHORS,
    "int8": np.arange(8, dtype=np.int8).reshape(2, 4),
    "int32": np.arange(-4, 4, dtype=np.int32),
}


def detector(kind: str, outputs: tuple[int, ...] = (4, 3)) -> bytes:
    """Return a convolution whose file has a constant among its outputs, before or behind it."""
    anchors = constant("anchors", DATA[kind], Q if kind == "int8" else None)
    return file([*conv_tensors(), anchors], outputs=outputs)


def arena(built: OutputInfo) -> int:
    """Return the bytes of the arena, as the header has them."""
    text = (built.folder / built.name / f"{built.name}.h").read_text()
    return int(text.split(f"#define {built.name.upper()}_ARENA_SIZE ", 1)[1].split()[0])


def built(path: Path, data: bytes, folder: str = "out", **options: object) -> OutputInfo:
    path.write_bytes(data)
    out = path.parent / folder
    build(BuildOptions(model=str(path), board="qemu-m4", output=str(out), **options))  # type: ignore[arg-type]
    return open_output(out)


@pytest.mark.qemu
@pytest.mark.parametrize("kind", DATA)
def test_it_is_as_in_the_file(kind: str, tmp_path: Path) -> None:
    opened = built(tmp_path / "net.tflite", detector(kind))
    assert [each.name for each in opened.outputs] == ["anchors", "y"]
    assert run_regression(opened.folder).mismatches == 0
    ran = run(opened.folder)
    np.testing.assert_array_equal(ran.outputs["anchors"][0], DATA[kind])
    header = (opened.folder / "net" / "net.h").read_text()
    assert "NET_OUTPUT_0_IS_CONSTANT 1" in header
    assert "NET_OUTPUT_1_IS_CONSTANT" not in header
    plain = built(tmp_path / "plain.tflite", file(), "plain")
    assert arena(opened) == arena(plain)  # nothing is copied


@pytest.mark.oracle
@pytest.mark.parametrize("kind", DATA)
def test_the_export_has_it_and_is_read_back(kind: str, tmp_path: Path) -> None:
    opened = built(tmp_path / "net.tflite", detector(kind))
    exported = opened.folder / "net.tflite"
    x = np.full((1, 4, 4, 2), 9, np.int8)
    wanted = run_tflite(detector(kind), {"x": x})
    found = run_tflite(exported.read_bytes(), {"x": x})
    assert [*found] == [*wanted]
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)
    for source in (exported, opened.folder / "net.edgec"):
        graph = load(source).graph
        assert [each.name for each in graph.fixed] == ["anchors"]
        assert graph.fixed[0].index == 0
        np.testing.assert_array_equal(graph.fixed[0].data, DATA[kind])
        assert graph.whole().outputs == ("anchors", "y")


def with_outputs(*names: str) -> bytes:
    """Return an ONNX model with x, y = x w, the initializer k, and k2 = k + k as outputs."""
    rng = np.random.default_rng(0)
    arrays = {"w": rng.normal(size=(8, 4)).astype(np.float32), "k": ANCHORS}
    shapes = {"x": (1, 8), "y": (1, 4), "k": (2, 4), "k2": (2, 4)}
    infos = {n: helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("Add", ["k", "k"], ["k2"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [infos["x"]],
        [infos[each] for each in names],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.qemu
def test_initializers_and_what_follows_from_them(tmp_path: Path) -> None:
    """A float model keeps them as they are: no samples say anything of them."""
    data = with_outputs("k2", "y", "k")
    opened = built(tmp_path / "net.onnx", data, calib="random")
    assert run_regression(opened.folder).mismatches == 0
    outputs: dict[str, Array] = run(opened.folder).outputs
    np.testing.assert_array_equal(outputs["k"][0], ANCHORS)
    np.testing.assert_array_equal(outputs["k2"][0], ANCHORS + ANCHORS)
    assert [each.dtype for each in opened.outputs] == ["float32", "int8", "float32"]


def test_they_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(with_outputs("k2", "y"))
    assert [each.name for each in inspect(path).outputs] == ["k2", "y"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("net.onnx", with_outputs("k", "k2")),
        ("net.tflite", file([*conv_tensors(), constant("k", ANCHORS)], outputs=(4, 4))),
        ("net.tflite", file([conv_tensors()[0], constant("k", DATA["int32"])], [], outputs=(1,))),
    ],
)
def test_nothing_else_is_no_model(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(EdgecError, match="all outputs of the model are constants") as caught:
        load(path)
    assert caught.value.code == "unsupported-graph"


def test_numbers_that_are_none(tmp_path: Path) -> None:
    odd = constant("anchors", np.array([1.0, np.nan], np.float32))
    path = tmp_path / "net.tflite"
    path.write_bytes(file([*conv_tensors(), odd], outputs=(3, 4)))
    with pytest.raises(EdgecError, match="NaN") as caught:
        load(path)
    assert caught.value.code == "unsupported-tensor"


def test_one_scale_per_channel_is_refused(tmp_path: Path) -> None:
    scales = QParams.per_channel([0.5, 0.25], 0)
    odd = constant("anchors", np.zeros((2, 3), np.int8), scales)
    path = tmp_path / "net.tflite"
    path.write_bytes(file([*conv_tensors(), odd], outputs=(3, 4)))
    with pytest.raises(EdgecError, match="2 scales") as caught:
        load(path)
    assert caught.value.code == "unsupported-quantization"


def test_a_constant_that_is_computed_with_too(tmp_path: Path) -> None:
    """The value inside gives way: outputs keep their names."""
    path = tmp_path / "net.tflite"
    tensors = [*conv_tensors()[:2], constant("b", np.array([5, 7], np.int32)), conv_tensors()[3]]
    path.write_bytes(file(tensors, outputs=(3, 2)))
    graph = load(path).graph
    (fixed,) = graph.fixed
    assert "b" in graph.constants
    whole = graph.whole()
    verify(whole)
    assert whole.outputs == ("y", "b")
    results = evaluate(whole, {whole.inputs[0]: np.zeros((1, 4, 4, 2), np.int8)})
    np.testing.assert_array_equal(results[fixed.name], [5, 7])


@pytest.mark.qemu
@pytest.mark.parametrize("outputs", [(3, 0), (3, 3), (0, 3)])
def test_an_input_or_the_same_tensor_again(outputs: tuple[int, ...], tmp_path: Path) -> None:
    opened = built(tmp_path / "net.tflite", file(outputs=outputs))
    assert run_regression(opened.folder).mismatches == 0
