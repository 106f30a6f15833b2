"""What test_operator_cost.py runs in a process of its own: FOLDER CHECK. The folder is added first.

Adding is for good: in the tests' own process other tests would find the operator too.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from ops.case import Case, case_modules, cases_of
from ops.runtimes import Runtime, merge, merged_samples
from oracle import Oracle, run_tflite

from edgec.backends.kernel import kernels_for
from edgec.driver import BuildOptions, build
from edgec.driver.about.supported import supported_operators
from edgec.driver.output import open_output
from edgec.driver.run.regression import run_regression
from edgec.exporters.tflite import load_exporters, write_tflite
from edgec.extension import add_folder
from edgec.frontends.onnx.load import load_onnx
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, ValueName, evaluate
from edgec.ops.catalog import operators
from edgec.ops.registry import exporter_of

NAME, INPUTS, OUTPUTS, RUNS = "pair_peak", 6, 4, 40


def cases() -> list[Case]:
    return [case for each in case_modules() if each.endswith(NAME) for case in cases_of(each)]


def discovered(_: Path) -> None:
    (op,) = [each for each in operators() if each.name == NAME]
    (row,) = [each for each in supported_operators() if each.name == NAME]
    load_exporters()
    assert row.onnx == ("edgec.example::PairPeak",), row
    assert row.summary.startswith("PairPeak"), row
    assert [each.name for each in row.kernels] == ["pair_peak_s8"], row
    assert kernels_for("portable_c", op), "no kernel"
    assert exporter_of(op), "no exporter"
    assert len(cases()) > 1, case_modules()


def interpreter(_: Path) -> None:
    for case in cases():
        for sample in case.inputs():
            wanted = run_tflite(write_tflite(case.graph), sample)
            for name, got in evaluate(case.graph, sample).items():
                if name in wanted:
                    assert got.tobytes() == wanted[name].tobytes(), case


def host(folder: Path) -> None:
    _run_cases(Runtime("host", "portable"), folder)


def firmware(folder: Path) -> None:
    _run_cases(Runtime("qemu-m4", "auto"), folder)


def _run_cases(runtime: Runtime, folder: Path) -> None:
    graph = merge("batch", cases())
    samples = merged_samples(graph, cases())
    results = runtime.run(graph, samples, folder / "cases")
    for sample, outputs in zip(samples, results, strict=True):
        expected = evaluate(graph, sample)
        assert [expected[name].tobytes() for name in graph.outputs] == [
            each.tobytes() for each in outputs
        ]
    assert len({outputs[0].tobytes() for outputs in results}) > 1


def model(folder: Path) -> None:
    """From an ONNX file to firmware, with the last sums as a state; quantized near the floats."""
    path = folder / "model.onnx"
    onnx.save(_model(), path)
    np.savez(folder / "calib.npz", x=_runs(1))
    options = BuildOptions(
        model=str(path),
        board="qemu-m4",
        calib=str(folder / "calib.npz"),
        state="last=sums",
        output=str(folder / "out"),
    )
    out = build(options).folder
    layers = [each["op"] for each in open_output(out).report["layers"]]
    assert NAME in layers, layers
    for on in ("emulator", "host"):
        result = run_regression(out, on=on)
        assert result.mismatches == 0, result
    _near_the_floats(path, out / "model.tflite")


def _near_the_floats(path: Path, tflite: Path) -> None:
    """Compare runs of the .tflite in reference and interpreter, and with the float model."""
    floats, integers = load_onnx(path), load_tflite(tflite)
    oracle = Oracle(tflite.read_bytes())
    x_kind, y_kind = (integers.types[ValueName(each)] for each in ("x", "peaks"))
    last = np.zeros((1, OUTPUTS), np.float32)
    kept = np.full((1, OUTPUTS), y_kind.quantization.zero_point, np.int8)
    x_q, y_q = x_kind.quantization, y_kind.quantization
    for x in _runs(2)[:, np.newaxis]:
        wanted = evaluate(floats, {ValueName("x"): x, ValueName("last"): last})
        steps = np.clip(np.rint(x / x_q.scale) + x_q.zero_point, -128, 127).astype(np.int8)
        given = {ValueName("x"): steps, ValueName("last"): kept}
        got, judged = evaluate(integers, given), oracle.run(given)
        assert all(got[name].tobytes() == judged[name].tobytes() for name in integers.outputs)
        peaks = (got[ValueName("peaks")].astype(np.float32) - y_q.zero_point) * y_q.scale
        inside = np.abs(wanted[ValueName("peaks")]) < 100 * y_q.scale
        error = np.abs(peaks - wanted[ValueName("peaks")])[inside]
        assert error.max(initial=0) < 8 * y_q.scale, error
        last, kept = wanted[ValueName("sums")], got[ValueName("sums")]


def _runs(seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=(RUNS, INPUTS)).astype(np.float32)


def _model() -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    weights, bias = (rng.normal(size=n).astype(np.float32) for n in ((INPUTS, OUTPUTS), OUTPUTS))
    names = (["x", "W", "B", "last"], ["peaks", "sums"])
    graph = helper.make_graph(
        [helper.make_node("PairPeak", *names, "peak", domain="edgec.example")],
        "peaks",
        [_tensor("x", INPUTS), _tensor("last", OUTPUTS)],
        [_tensor("peaks", OUTPUTS), _tensor("sums", OUTPUTS)],
        [numpy_helper.from_array(weights, "W"), numpy_helper.from_array(bias, "B")],
    )
    opsets = [helper.make_opsetid("", 14), helper.make_opsetid("edgec.example", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _tensor(name: str, extent: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, extent])


CHECKS = {each.__name__: each for each in (discovered, interpreter, host, firmware, model)}

if __name__ == "__main__":
    added = Path(sys.argv[1])
    sys.path.append(str(added / "tests"))
    add_folder(added)
    CHECKS[sys.argv[2]](added)
