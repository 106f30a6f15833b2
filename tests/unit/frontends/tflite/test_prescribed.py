"""Outputs in a scale that TFLite does not make: requantized to, so that what is exported loads."""

from pathlib import Path

import numpy as np
import pytest
from oracle import Oracle
from tflite_files import file, operator, tensor

from edgec.exporters.proof import why_it_does_not_load
from edgec.exporters.tflite import write_tflite
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, QParams, evaluate

INPUT = QParams.per_tensor(0.05, 3)
PRESCRIBED = {
    "LOGISTIC": QParams.per_tensor(1 / 256, -128),
    "TANH": QParams.per_tensor(1 / 128, 0),
    "SOFTMAX": QParams.per_tensor(1 / 256, -128),
    "LOG_SOFTMAX": QParams.per_tensor(16 / 256, 127),
    "L2_NORMALIZATION": QParams.per_tensor(1 / 128, 0),
}
OPTIONS = {"SOFTMAX": ("SoftmaxOptions", {"Beta": 1.0}), "L2_NORMALIZATION": ("L2NormOptions", {})}
OTHERS = [QParams.per_tensor(0.0038, -128), QParams.per_tensor(0.011, 5)]


def written(code: str, made: QParams) -> bytes:
    table, options = OPTIONS.get(code, ("", {}))
    one = operator(code, [0], [1])
    one = type(one)(code, one.version, one.inputs, one.outputs, table, options)
    tensors = [tensor("x", (1, 6), q=INPUT), tensor("y", (1, 6), q=made)]
    return file(tensors, [one], outputs=(1,))


def load(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    return load_tflite(path)


def wanted(code: str, x: Array) -> Array:
    real = 0.05 * (x.astype(np.float64) - 3)
    powers = np.exp(real - real.max())
    values: dict[str, Array] = {
        "LOGISTIC": 1 / (1 + np.exp(-real)),
        "TANH": np.tanh(real),
        "SOFTMAX": powers / powers.sum(),
        "LOG_SOFTMAX": np.log(powers / powers.sum()),
        "L2_NORMALIZATION": real / np.sqrt(np.square(real).sum()),
    }
    return values[code]


@pytest.mark.oracle
@pytest.mark.parametrize("made", OTHERS, ids=str)
@pytest.mark.parametrize("code", PRESCRIBED)
def test_the_exported_file_loads_and_means_the_function(
    code: str, made: QParams, tmp_path: Path
) -> None:
    graph = load(written(code, made), tmp_path)
    assert [node.op.name for node in graph.nodes] == [code.lower(), "quantize"]
    assert graph.types[graph.outputs[0]].qparams == made
    data = write_tflite(graph)
    assert why_it_does_not_load(data, graph) is None
    oracle = Oracle(data, exact=True)
    for seed in range(20):
        x = np.random.default_rng(seed).integers(-128, 128, (1, 6), np.int8)
        (got,) = evaluate(graph, {graph.inputs[0]: x}).values()
        (theirs,) = oracle.run({"x": x}).values()
        np.testing.assert_array_equal(got, theirs)
        steps = wanted(code, x) / made.scale + made.zero_point
        coarse = max(1.0, PRESCRIBED[code].scale / made.scale)  # steps of what is requantized
        assert np.abs(got - np.clip(steps, -128, 127)).max() <= coarse + 1


@pytest.mark.oracle
def test_no_interpreter_loads_the_file_itself(tmp_path: Path) -> None:
    data = written("LOGISTIC", OTHERS[0])
    refused = why_it_does_not_load(data, load(data, tmp_path))
    assert refused is not None
    assert "does not load the .tflite file" in refused
    assert "scale" in refused
    assert "\n" not in refused


@pytest.mark.oracle
def test_an_interpreter_that_aborts_takes_nobody_with_it(tmp_path: Path) -> None:
    """An output of much smaller scale than the inputs: TFLITE_CHECK ends the process."""
    tensors = [tensor(name, (1, 6), q=INPUT) for name in "ab"]
    tensors.append(tensor("y", (1, 6), q=QParams.per_tensor(1e-8, 7)))
    add = operator("ADD", [0, 1], [2])
    add = type(add)("ADD", add.version, add.inputs, add.outputs, "AddOptions", {})
    data = file(tensors, [add], inputs=(0, 1), outputs=(2,))
    refused = why_it_does_not_load(data, load(data, tmp_path))
    assert refused is not None
    assert refused.endswith("does not load the .tflite file: it ends with SIGABRT")


@pytest.mark.parametrize("code", PRESCRIBED)
def test_what_is_prescribed_stays_as_it_is(code: str, tmp_path: Path) -> None:
    graph = load(written(code, PRESCRIBED[code]), tmp_path)
    assert [node.op.name for node in graph.nodes] == [code.lower()]
    assert graph.types[graph.outputs[0]].dtype is DType.INT8
