"""uint8 and int32 at the door of built models: header, samples, golden vectors, runs, eval."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnx_models import OnnxBuilder
from qdq_models import QdqBuilder

from edgec.driver import BuildOptions, build, open_output, run_regression
from edgec.driver.run.eval import evaluate_model
from edgec.driver.run.run import run
from edgec.errors import EdgecError
from edgec.ir import Array

RNG = np.random.default_rng(3)
SHAPE = (3, 8, 8)


def saved(b: OnnxBuilder, y: str, kind: int, folder: Path) -> Path:
    output = helper.make_tensor_value_info(y, kind, None)
    graph = helper.make_graph(b.nodes, "g", b.inputs, [output], b.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", b.opset)], ir_version=8)
    path = folder / "m.onnx"
    onnx.save(model, path)
    return path


def pixels(count: int = 40) -> Array:
    return RNG.integers(0, 256, (count, *SHAPE)).astype(np.uint8)


def image_model(folder: Path) -> Path:
    b = OnnxBuilder()
    x = b.add("Cast", b.input("x", (1, *SHAPE), TensorProto.UINT8), to=TensorProto.FLOAT)
    x = b.add("Div", x, b.weight(np.float32(255)))
    y = b.add("GlobalAveragePool", b.add("Relu", b.conv(x, (3, 6))))
    b.add("Flatten", y, output="y")
    return saved(b, "y", TensorProto.FLOAT, folder)


def answers(path: Path, name: str, arrays: Array) -> Array:
    session = onnxruntime.InferenceSession(str(path))
    return np.stack([session.run(None, {name: each[np.newaxis]})[0][0] for each in arrays])


def sqnr(wanted: Array, found: Array) -> float:
    noise = np.square(wanted - found).sum()
    return float(10 * np.log10(np.square(wanted).sum() / noise))


@pytest.mark.qemu
def test_an_image_in_uint8(tmp_path: Path) -> None:
    path, images, out = image_model(tmp_path), pixels(), tmp_path / "out"
    calib = tmp_path / "c.npz"
    np.savez(calib, x=images)
    options = BuildOptions(model=str(path), board="qemu-m4", output=str(out), calib=str(calib))
    report = build(options).report
    header = (out / "m" / "m.h").read_text()
    for line in ('DTYPE "UINT8"', "TYPE uint8_t", "SCALE 1.0f", "ZERO_POINT (0)"):
        assert f"M_INPUT_0_{line}" in header
    assert [each["dtype"] for each in report["model"]["inputs"]] == ["uint8"]
    assert not report["model"]["inputs"][0]["float_source"]
    with np.load(out / "golden.npz") as golden:
        assert golden["x"].dtype == np.uint8
        assert np.array_equal(golden["x"][:10], images[:10])
    assert run_regression(out).mismatches == 0
    found = images
    for kind in (np.uint8, np.float32, np.int64):  # the same numbers, however they are saved
        np.savez(tmp_path / "in.npz", x=images.astype(kind))
        found = run(out, tmp_path / "in.npz", on="host").outputs["y_float"]
        assert sqnr(answers(path, "x", images), found) > 35
    measured = evaluate_model(options, calib).evaluation
    assert measured.output_sqnr_db == pytest.approx(
        sqnr(answers(path, "x", images), found), abs=0.1
    )
    interchange, target = out / "m.tflite", out / "m.edgec"
    for again in (interchange, target):  # both are read again, with the same door
        folder = tmp_path / again.suffix[1:]
        build(BuildOptions(model=str(again), board="qemu-m4", output=str(folder)))
        ports = open_output(folder)
        assert [port.dtype for port in ports.inputs] == ["uint8"]
        moved = images.transpose(0, 2, 3, 1) if again is interchange else images
        np.savez(tmp_path / "moved.npz", x=moved)
        twin = run(folder, tmp_path / "moved.npz", on="host").outputs["y"]
        assert np.array_equal(twin, run(out, tmp_path / "in.npz", on="host").outputs["y"])


@pytest.mark.qemu
@pytest.mark.parametrize("kind", [np.uint8, np.int8])
def test_qdq_with_integers_at_both_ends(kind: type, tmp_path: Path) -> None:
    b = QdqBuilder(kind=kind)
    number = TensorProto.UINT8 if kind is np.uint8 else TensorProto.INT8
    x = b.dequantized(b.input("x", (1, *SHAPE), number), 0.02, -11)
    w = b.stored(b.integers(4, 3, 3, 3), np.array(0.004), np.array(0, np.int8))
    y = b.qdq(b.add("Relu", b.add("Conv", x, w, kernel_shape=[3, 3])), 0.05, -128)
    b.quantized(b.add("GlobalAveragePool", y), 0.03, -128, output="y")
    path, out = saved(b, "y", number, tmp_path), tmp_path / "out"
    build(BuildOptions(model=str(path), board="qemu-m4", output=str(out)))
    data: Array = pixels(20).view(np.uint8).astype(kind)
    np.savez(tmp_path / "in.npz", x=data)
    found = run(out, tmp_path / "in.npz", on="emulator").outputs["y"]
    wanted = answers(path, "x", data)
    assert found.dtype == wanted.dtype == np.dtype(kind)
    apart = np.abs(found.astype(int) - wanted.astype(int).reshape(found.shape))
    assert apart.max() <= 1
    assert run_regression(out).mismatches == 0


@pytest.mark.qemu
def test_counts_in_int64_are_int32(tmp_path: Path) -> None:
    b = OnnxBuilder()
    x = b.add("Cast", b.input("n", (1, 6), TensorProto.INT64), to=TensorProto.FLOAT)
    x = b.add("Mul", x, b.weight(np.float32(1e-3)))
    b.add("MatMul", b.add("Relu", b.add("MatMul", x, b.random(6, 8))), b.random(8, 3), output="y")
    path, out, calib = saved(b, "y", TensorProto.FLOAT, tmp_path), tmp_path / "out", tmp_path / "c"
    counts = RNG.integers(0, 9000, (60, 6))
    np.savez(calib, n=counts)
    build(BuildOptions(model=str(path), board="qemu-m0", output=str(out), calib=f"{calib}.npz"))
    assert 'M_INPUT_0_DTYPE "INT32"' in (out / "m" / "m.h").read_text()
    found = run(out, Path(f"{calib}.npz"), on="host").outputs["y_float"]
    assert sqnr(answers(path, "n", counts), found) > 30
    np.savez(calib, n=counts + 2**40)
    with pytest.raises(EdgecError, match=r"int32 has -2147483648 to 2147483647") as caught:
        run(out, Path(f"{calib}.npz"), on="host")
    assert caught.value.code == "samples-values"


def mask_model(folder: Path, kind: int, *, labels: bool) -> Path:
    b = OnnxBuilder()
    y = b.conv(b.add("Relu", b.conv(b.input("x", (1, *SHAPE)), (3, 6))), (6, 4))
    number = np.array(100, helper.tensor_dtype_to_np_dtype(kind))
    if labels:
        y = b.add("Cast", b.add("ArgMax", y, axis=1, keepdims=1), to=kind)
    else:
        y = b.add("Cast", b.add("Greater", y, b.weight(np.float32(0.2))), to=kind)
        y = b.add("Mul", y, b.weight(number))
    b.add("Identity", y, output="y")
    return saved(b, "y", kind, folder)


@pytest.mark.qemu
@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize(
    ("kind", "name"), [(TensorProto.UINT8, "uint8"), (TensorProto.INT16, "int16")]
)
def test_a_mask_of_few_bits(kind: int, name: str, labels: bool, tmp_path: Path) -> None:
    path, out = mask_model(tmp_path, kind, labels=labels), tmp_path / "out"
    data = RNG.standard_normal((30, *SHAPE)).astype(np.float32)
    np.savez(tmp_path / "c.npz", x=data)
    options = BuildOptions(
        model=str(path), board="qemu-m4", output=str(out), calib=str(tmp_path / "c.npz")
    )
    build(options)
    header = (out / "m" / "m.h").read_text()
    assert f"M_OUTPUT_0_TYPE {name}_t" in header
    assert "M_OUTPUT_0_SCALE" not in header
    assert run_regression(out).mismatches == 0
    found = run(out, tmp_path / "c.npz", on="emulator").outputs["y"]
    wanted = answers(path, "x", data)
    assert found.dtype == wanted.dtype == np.dtype(name)
    assert (found.reshape(wanted.shape) == wanted).mean() > 0.95
    assert set(np.unique(found)) <= ({0, 1, 2, 3} if labels else {0, 100})
    evaluate_model(options, tmp_path / "c.npz")
    for again in (out / "m.tflite", out / "m.edgec"):
        folder = tmp_path / again.suffix[1:]
        build(BuildOptions(model=str(again), board="qemu-m4", output=str(folder)))
        assert [port.dtype for port in open_output(folder).outputs] == [name]


@pytest.mark.qemu
def test_an_output_image_in_uint8(tmp_path: Path) -> None:
    b = OnnxBuilder()
    y = b.add("Sigmoid", b.conv(b.input("x", (1, *SHAPE)), (3, 3)))
    y = b.add("Mul", y, b.weight(np.float32(255)))
    y = b.add("Clip", y, b.weight(np.float32(0)), b.weight(np.float32(255)))
    b.add("Cast", y, to=TensorProto.UINT8, output="y")
    path, out = saved(b, "y", TensorProto.UINT8, tmp_path), tmp_path / "out"
    data = RNG.standard_normal((30, *SHAPE)).astype(np.float32)
    np.savez(tmp_path / "c.npz", x=data)
    build(
        BuildOptions(
            model=str(path), board="qemu-m4", output=str(out), calib=str(tmp_path / "c.npz")
        )
    )
    header = (out / "m" / "m.h").read_text()
    for line in ("TYPE uint8_t", "SCALE 1.0f", "ZERO_POINT (0)"):
        assert f"M_OUTPUT_0_{line}" in header
    assert run_regression(out).mismatches == 0
    found = run(out, tmp_path / "c.npz", on="emulator").outputs["y"]
    wanted = answers(path, "x", data)
    assert found.dtype == wanted.dtype == np.uint8
    assert sqnr(wanted.astype(float), found.reshape(wanted.shape).astype(float)) > 30
