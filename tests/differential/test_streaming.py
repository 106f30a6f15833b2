"""A streaming model: its state is kept by the firmware, by the reference and by hand the same."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from oracle import Oracle, exported

from edgec.driver import BuildOptions, build
from edgec.driver.output import open_output
from edgec.driver.run.first_layer import first_different_layer
from edgec.driver.run.regression import run_regression
from edgec.driver.run.run import run
from edgec.frontends import load
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, ValueName, evaluate_runs
from edgec.ir.evaluate import zeros
from edgec.ops.conversion.quantize import quantize_floats
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quality.sqnr import output_sqnr_db
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.model_states import parse_states, with_states
from edgec.quantization.samples.samples import Samples

INPUTS, HIDDEN, CLASSES, RUNS = 4, 8, 3, 40


def model() -> onnx.ModelProto:
    """Return one step of an LSTM with a classifier behind it: x, h, c -> y, h_next, c_next."""
    rng = np.random.default_rng(0)
    arrays = {
        "W": rng.standard_normal((1, 4 * HIDDEN, INPUTS)) / 2,
        "R": rng.standard_normal((1, 4 * HIDDEN, HIDDEN)) / 3,
        "B": rng.standard_normal((1, 8 * HIDDEN)) / 4,
        "D": rng.standard_normal((HIDDEN, CLASSES)),
    }
    state = [1, 1, HIDDEN]
    shapes = {"x": [1, 1, INPUTS], "h": state, "c": state}
    results = {"y": [1, 1, CLASSES], "h_next": state, "c_next": state}
    nodes = [
        helper.make_node(
            "LSTM",
            ["x", "W", "R", "B", "", "h", "c"],
            ["", "h_next", "c_next"],
            name="lstm",
            hidden_size=HIDDEN,
        ),
        helper.make_node("MatMul", ["h_next", "D"], ["y"], name="classifier"),
    ]
    graph = helper.make_graph(
        nodes,
        "streaming",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in results.items()],
        [numpy_helper.from_array(array.astype(np.float32), n) for n, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)


def sequence(seed: int = 1) -> Array:
    """Return smooth inputs: [runs, 1, inputs]."""
    rng = np.random.default_rng(seed)
    time, phases = np.arange(RUNS)[:, None], rng.uniform(0, 6, INPUTS)
    return np.sin(time / 5 + phases).astype(np.float32)[:, None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("streaming")
    onnx.save(model(), place / "streaming.onnx")
    np.savez(place / "calib.npz", x=sequence())
    options = BuildOptions(
        model=str(place / "streaming.onnx"),
        board="qemu-m4",
        calib=str(place / "calib.npz"),
        state="h=h_next,c=c_next",
        output=str(place / "out"),
        effort="fast",
    )
    return build(options).folder


@pytest.mark.qemu
def test_states_are_no_ports_of_the_firmware(folder: Path) -> None:
    built = open_output(folder)
    assert [port.name for port in built.inputs] == ["x"]
    assert [port.name for port in built.outputs] == ["y"]
    assert [layer["op"] for layer in built.report["layers"]].count("state") == 2
    assert "no\n/// other model may use the arena" in (folder / "streaming/streaming.h").read_text()


@pytest.mark.qemu
@pytest.mark.parametrize("on", ["emulator", "host"])
def test_firmware_gives_the_golden_sequence(folder: Path, on: str) -> None:
    assert run_regression(folder, on=on).mismatches == 0


@pytest.mark.qemu
def test_layers_of_the_first_run_are_compared_one_by_one(folder: Path) -> None:
    built = open_output(folder)
    first = quantize_floats(sequence()[:1], load(exported(built)).graph.types[ValueName("x")])
    assert first_different_layer(built, [first.tobytes()]) is None


@pytest.mark.qemu
@pytest.mark.oracle
def test_firmware_equals_the_interpreter_fed_by_hand(folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=sequence(2))
    given = run(folder, tmp_path / "x.npz").outputs["y"]
    built = open_output(folder)
    oracle = Oracle(exported(built).read_bytes(), exact=True)
    graph = load(exported(built)).graph
    state = {name: zeros(graph.types[ValueName(name)]) for name in ("h", "c")}
    for x, wanted in zip(sequence(2), given, strict=True):
        data = quantize_floats(x[None], graph.types[ValueName("x")])
        outputs = oracle.run({"x": data, **state})
        assert outputs["y"].tobytes() == wanted.tobytes()
        state = {name: outputs[f"{name}_next"] for name in state}


@pytest.mark.qemu
def test_outputs_are_close_to_the_float_model(folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=sequence(2))
    onnx.save(model(), tmp_path / "m.onnx")
    graph = load_onnx(tmp_path / "m.onnx")
    graph = with_states(optimize_float(graph), parse_states("h=h_next,c=c_next"))
    runs = evaluate_runs(graph, [{ValueName("x"): x[None]} for x in sequence(2)])
    wanted = np.stack([each[ValueName("y")] for each in runs]).reshape(RUNS, -1)
    got = run(folder, tmp_path / "x.npz").outputs["y_float"].reshape(RUNS, -1)
    error = np.square(got - wanted).mean()
    assert 10 * np.log10(np.square(wanted).mean() / error) > 25


@pytest.mark.parametrize(("op", "wanted"), [("LSTM", 25), ("GRU", 25)])
def test_int8_layers_over_a_sequence_stay_close(op: str, wanted: float, tmp_path: Path) -> None:
    """A layer with smooth inputs, calibrated on other sequences than it is measured on."""
    steps, gates = 12, {"LSTM": 4, "GRU": 3}[op]
    graph = optimize_float(_layer(op, gates, steps, tmp_path / "layer.onnx"))
    (name,) = graph.inputs
    rng = np.random.default_rng(3)
    time, shape = np.arange(steps)[:, None, None], (160, 1, 1, INPUTS)
    waves = np.sin(time * rng.uniform(0.2, 0.8, shape) + rng.uniform(0, 6, shape))
    data = (waves * rng.uniform(0.3, 1.2, shape)).astype(np.float32)
    ranges = calibrate(graph, Samples({name: data[:128]}))
    integer = optimize_integer(quantize(graph, ranges))
    floats = BatchEvaluator(graph).run({name: data[128:]})
    found = output_sqnr_db(integer, {name: data[128:]}, {v: floats[v] for v in graph.outputs})
    assert found > wanted


def _layer(op: str, gates: int, steps: int, path: Path) -> Graph:
    rng = np.random.default_rng(5)
    arrays = {
        "W": rng.standard_normal((1, gates * HIDDEN, INPUTS)) / 2,
        "R": rng.standard_normal((1, gates * HIDDEN, HIDDEN)) / 3,
        "B": rng.standard_normal((1, 2 * gates * HIDDEN)) / 4,
    }
    node = helper.make_node(op, ["x", *arrays], ["", "y"], name="layer", hidden_size=HIDDEN)
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [steps, 1, INPUTS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, HIDDEN])],
        [numpy_helper.from_array(array.astype(np.float32), n) for n, array in arrays.items()],
    )
    imports = [helper.make_opsetid("", 14)]
    onnx.save(helper.make_model(graph, opset_imports=imports, ir_version=8), path)
    return load_onnx(path)
