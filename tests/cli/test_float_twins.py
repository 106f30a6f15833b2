"""``edgec run`` gives the real values of every quantized output, whatever the model came from."""

from pathlib import Path

import numpy as np
import pytest
from cli.conftest import Cli, small_graph
from onnx_models import MODELS, save

from edgec.driver import BuildOptions, RunResult, build
from edgec.driver.run.run import run
from edgec.exporters.tflite import write_tflite
from edgec.ir import DType, Graph, GraphBuilder, QParams, TensorType, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize

pytestmark = pytest.mark.qemu
Q = QParams.per_tensor(0.05, 3)


def quantized(float_io: bool, *outputs: str) -> Graph:
    """Return a Relu in int8 per output; with float inputs and outputs around it, or not."""
    g = GraphBuilder("twins")
    kind = TensorType((1, 12)) if float_io else TensorType((1, 12), DType.INT8, Q)
    x = g.input("x", kind)
    if float_io:
        x = g.add1(Quantize(), x, name="q", qparams=Q)
    made: list[ValueName] = []
    for name in outputs:
        inner = g.add1(Relu(), x, name=f"{name}/relu" if float_io else name, qparams=Q)
        made.append(g.add1(Dequantize(), inner, name=name) if float_io else inner)
    return g.build(made)


def ran(graph: Graph, folder: Path) -> RunResult:
    path, out = folder / "m.tflite", folder / "out"
    path.write_bytes(write_tflite(graph))
    report = build(BuildOptions(model=str(path), board="qemu-m3", output=str(out))).report
    is_float = any(kind.dtype is DType.FLOAT32 for kind in graph.types.values())
    assert [each["float_source"] for each in report["model"]["inputs"]] == [is_float]
    assert {each["float_source"] for each in report["model"]["outputs"]} == {is_float}
    return run(out, on="host")


@pytest.mark.parametrize("float_io", [True, False])
def test_a_tflite_file(tmp_path: Path, float_io: bool) -> None:
    result = ran(quantized(float_io, "y"), tmp_path)
    assert list(result.outputs) == ["y", "y_float"]
    assert result.outputs["y"].dtype == np.int8
    assert result.outputs["y_float"].dtype == np.float32
    expected = [
        [float(np.float32(0.05) * np.float32(int(each) - 3)) for each in result.outputs["y"][0]]
    ]
    assert result.outputs["y_float"].tolist() == expected


def test_a_float_onnx_file(cli: Cli, tmp_path: Path) -> None:
    model, out = save(MODELS["lenet"], tmp_path), tmp_path / "out"
    assert cli("build", model, "--board", "qemu-m3", "--calib", "random", "-o", out).code == 0
    cli("run", out, "--on", "host", "-o", tmp_path / "y.npz")
    with np.load(tmp_path / "y.npz") as archive:
        kinds = {key: archive[key].dtype.kind for key in archive.files}
    name = next(iter(kinds))
    assert kinds == {name: "i", f"{name}_float": "f"}


def test_an_output_that_is_called_like_a_twin(tmp_path: Path) -> None:
    result = ran(quantized(False, "y", "y_float"), tmp_path)
    assert list(result.outputs) == ["y", "y_float", "y_float_float"]
    assert result.outputs["y_float"].dtype == np.int8
    (warning,) = result.warnings
    assert "'y' comes as integers alone: the model has an output 'y_float'" in warning


def test_golden_vectors_are_inputs_and_outputs_of_run(cli: Cli, tmp_path: Path) -> None:
    model, out = tmp_path / "m.tflite", tmp_path / "out"
    model.write_bytes(write_tflite(small_graph()))
    assert cli("build", model, "--board", "qemu-m3", "-o", out).code == 0
    ended = cli("run", out, "-i", out / "golden.npz", "-o", tmp_path / "y.npz", "--on", "host")
    assert ended.code == 0, ended.err
    with np.load(out / "golden.npz") as golden, np.load(tmp_path / "y.npz") as archive:
        assert golden.files == ["image", "scores"]
        assert (golden["scores"] == archive["scores"]).all()
        assert len(golden["image"]) == len(archive["scores"]) == 20
