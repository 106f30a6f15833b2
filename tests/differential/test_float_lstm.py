"""Float LSTMs of TFLite files: as the interpreter computes them, and quantized by us."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from oracle import Oracle, exported

from edgec.driver import BuildOptions, build, check
from edgec.driver.output import OutputInfo, open_output
from edgec.driver.run.regression import run_regression
from edgec.driver.run.run import run
from edgec.exporters import write_tflite
from edgec.exporters.flatbuffer import FileTensor
from edgec.exporters.tflite import _Emitter
from edgec.frontends import load
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import (
    Array,
    Graph,
    GraphBuilder,
    State,
    TensorType,
    ValueName,
    evaluate,
    evaluate_runs,
)
from edgec.ir.types import DType, QParams
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.quantize import quantize_floats
from edgec.ops.layers.lstm import Lstm
from edgec.ops.movement.slice import Slice
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quality.sqnr import output_sqnr_db
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples

STEPS, DEPTH, UNITS = 12, 4, 8
X = ValueName("x")


def layer(
    *, keeps: bool = False, time_major: bool = False, cell_clip: float = 0.0, last: bool = False
) -> Graph:
    """Return a float LSTM with random weights; its states are kept, or zero for every run."""
    rng = np.random.default_rng(5)
    g = GraphBuilder("lstm")
    x = g.input(X, TensorType((STEPS, 1, DEPTH) if time_major else (1, STEPS, DEPTH)))
    sizes = (
        [("w", (UNITS, DEPTH), 2)] * 4 + [("r", (UNITS, UNITS), 3)] * 4 + [("b", (UNITS,), 4)] * 4
    )
    weights = [
        g.constant(f"{name}{i % 4}", (rng.standard_normal(shape) / divisor).astype(np.float32))
        for i, (name, shape, divisor) in enumerate(sizes)
    ]
    state = TensorType((1, UNITS))
    zero = np.zeros((1, UNITS), np.float32)
    h, c = (g.input(n, state) if keeps else g.constant(n, zero) for n in ("h", "c"))
    op = Lstm(time_major=time_major, cell_clip=cell_clip, shows_cells=True)
    y, next_h, next_c, _ = g.add(op, [x, *weights, h, c], name="layer")
    if last:
        y = g.add1(Slice.whole(g.type(y).shape).along(1, STEPS - 1, 1), y, name="last")
    if not keeps:
        return g.build([y])
    states = (State(h, next_h), State(c, next_c))
    return replace(g.build([y, next_h, next_c]), states=states)


def waves(count: int, shape: tuple[int, ...] = (1, STEPS, DEPTH)) -> Array:
    """Return smooth sequences, all different: [count, *shape]."""
    rng = np.random.default_rng(3)
    time = np.arange(STEPS)[:, None]
    size = (count, 1, DEPTH)
    data = np.sin(time * rng.uniform(0.2, 0.8, size) + rng.uniform(0, 6, size))
    scaled: Array = data * rng.uniform(0.3, 1.2, size)
    return scaled.astype(np.float32).reshape(count, *shape)


@pytest.mark.oracle
@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize(("time_major", "cell_clip"), [(False, 0.0), (True, 0.0), (False, 0.4)])
def test_float_sequences_are_those_of_the_interpreter(
    *, keeps: bool, time_major: bool, cell_clip: float, tmp_path: Path
) -> None:
    path = tmp_path / "lstm.tflite"
    path.write_bytes(write_tflite(layer(keeps=keeps, time_major=time_major, cell_clip=cell_clip)))
    graph = load_tflite(path)
    oracle = Oracle(path.read_bytes())
    runs = [{X: x} for x in waves(6, graph.types[X].shape)]
    for got, x in zip(evaluate_runs(graph, runs), runs, strict=True):
        wanted = next(iter(oracle.run(x).values()))
        np.testing.assert_allclose(next(iter(got.values())), wanted, rtol=1e-4, atol=1e-5)


def hybrid_file(graph: Graph) -> bytes:
    """Return the file of a float layer with its weights, not its biases, as int8."""

    class Hybrid(_Emitter):
        def tensor(self, value: ValueName) -> int:
            number = super().tensor(value)
            each = self.tensors[number]
            if each.data is not None and each.data.shape[0] == UNITS and each.data.ndim > 1:
                scale = float(np.abs(each.data).max()) / 127
                data = np.rint(each.data / scale).astype(np.int8)
                kind = TensorType(data.shape, DType.INT8, QParams.per_tensor(scale))
                self.tensors[number] = FileTensor(each.name, kind, data)
            return number

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgec.exporters.tflite._Emitter", Hybrid)
        return write_tflite(graph)


@pytest.mark.oracle
def test_int8_weights_of_a_float_layer_are_read(tmp_path: Path) -> None:
    path = tmp_path / "hybrid.tflite"
    path.write_bytes(hybrid_file(layer()))
    graph = load_tflite(path)
    assert {kind.dtype for kind in graph.types.values()} == {DType.FLOAT32}
    oracle = Oracle(path.read_bytes())  # quantizes activations on the way: close, not equal
    for x in waves(4):
        (got,) = next(iter(evaluate_runs(graph, [{X: x}]))).values()
        np.testing.assert_allclose(got, next(iter(oracle.run({X: x}).values())), atol=0.03)


@pytest.mark.parametrize("time_major", [False, True])
def test_int8_layers_stay_close(*, time_major: bool) -> None:
    """Calibrated on other sequences than it is measured on; written out it has 33 dB."""
    graph = optimize_float(layer(time_major=time_major))
    data = waves(160, graph.types[X].shape)
    integer = optimize_integer(quantize(graph, calibrate(graph, Samples({X: data[:128]}))))
    floats = BatchEvaluator(graph).run({X: data[128:]})
    wanted = {value: floats[value] for value in graph.outputs}
    assert [node.op.name for node in integer.nodes] == ["lstm"]
    assert output_sqnr_db(integer, {X: data[128:]}, wanted) > 38


def test_the_cell_of_every_step_is_calibrated() -> None:
    """The last cell is small on these samples, those before are not."""
    graph = optimize_float(layer())
    ranges = calibrate(graph, Samples({X: waves(8)}))
    cells = BatchEvaluator(graph).run({X: waves(8)})[ValueName("layer_3")]
    integer = quantize(graph, ranges)
    (node,) = integer.nodes
    assert len(node.outputs) == 3
    scale = integer.types[node.outputs[2]].quantization.scale
    assert np.log2(scale) == round(np.log2(scale))
    assert 32767 * scale > np.abs(cells).max()


@pytest.mark.oracle
def test_first_states_may_be_computed() -> None:
    """They come in quantizations of their own, and are converted to the layer's."""
    source = layer(keeps=True)
    (node,) = source.nodes
    g = GraphBuilder("computed")
    values = {v: g.constant(v, array) for v, array in source.constants.items()}
    values |= {v: g.input(v, source.types[v]) for v in source.inputs}
    first = {
        "h": g.add1(Relu(), values[ValueName("h")]),
        "c": g.add1(Relu(), values[ValueName("c")]),
    }
    inputs = [first.get(v, values[v]) for v in node.inputs]
    graph = g.build(g.add(node.op, inputs, name="layer")[:3])
    rng = np.random.default_rng(0)
    samples = {X: waves(64)}
    for state in (ValueName("h"), ValueName("c")):
        shape = (64, *graph.types[state].shape)
        samples[state] = rng.standard_normal(shape).astype(np.float32)
    integer = optimize_integer(quantize(graph, calibrate(graph, Samples(samples))))
    floats = BatchEvaluator(graph).run(samples)
    assert output_sqnr_db(integer, samples, {v: floats[v] for v in graph.outputs}) > 30
    oracle = Oracle(write_tflite(integer), exact=True)
    for i in range(8):
        run = {v: quantize_floats(x[i], integer.types[v]) for v, x in samples.items()}
        wanted, got = oracle.run(run), evaluate(integer, run)
        assert all(got[v].tobytes() == wanted[v].tobytes() for v in integer.outputs)


def built_layer(folder: Path, *, keeps: bool, quantize: str = "", max_drop: str = "") -> OutputInfo:
    """Build a float LSTM file, lstm.tflite, calibrated with calib.npz."""
    path, calib = folder / "lstm.tflite", folder / "calib.npz"
    path.write_bytes(write_tflite(layer(keeps=keeps, last=True)))
    np.savez(calib, x=waves(24)[:, 0])
    options = BuildOptions(
        model=str(path),
        board="qemu-m4",
        calib=str(calib),
        output=str(folder / "out"),
        quantize=quantize,
        max_drop=max_drop,
    )
    return open_output(build(options).folder)


@pytest.mark.qemu
@pytest.mark.oracle
@pytest.mark.parametrize("keeps", [False, True])
def test_firmware_of_a_float_file_equals_the_interpreter(*, keeps: bool, tmp_path: Path) -> None:
    built = built_layer(tmp_path, keeps=keeps)
    assert run_regression(built.folder, on="host").mismatches == 0
    firmware = run(built.folder, tmp_path / "calib.npz").outputs
    oracle = Oracle(exported(built).read_bytes(), exact=True)
    kind = load(exported(built)).graph.types[X]
    for x, got in zip(waves(24), firmware["last"], strict=True):
        wanted = oracle.run({X: quantize_floats(x, kind)})["last"]
        assert got.tobytes() == wanted.tobytes()
    floats = evaluate_runs(load_tflite(tmp_path / "lstm.tflite"), [{X: x} for x in waves(24)])
    wanted = np.stack([each[ValueName("last")] for each in floats])
    error = firmware["last_float"].reshape(wanted.shape) - wanted
    assert 10 * np.log10(np.square(wanted).mean() / np.square(error).mean()) > 35


@pytest.mark.qemu
@pytest.mark.parametrize("keeps", [False, True])
def test_where_int8_is_not_enough_the_layer_is_written_out(*, keeps: bool, tmp_path: Path) -> None:
    built = built_layer(tmp_path, keeps=keeps, quantize="auto", max_drop="45dB")
    assert "lstm" not in [each["op"] for each in built.report["layers"]]
    assert built.report["quantization"]["output_sqnr_db"] > 45
    assert run_regression(built.folder, on="host").mismatches == 0


def test_weights_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    graph = layer()
    weights = {**graph.constants, ValueName("r2"): np.full((UNITS, UNITS), np.inf, np.float32)}
    path = tmp_path / "lstm.tflite"
    path.write_bytes(write_tflite(replace(graph, constants=weights)))
    (problem,) = check(path).problems
    assert problem.code == "non-finite-activation"
    assert "'r2' is infinite" in problem.message
