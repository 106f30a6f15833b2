"""SVDF against the interpreter, which keeps the state in a variable: sequences, not single runs.

TFLite's interpreter reads an int8 state as int16, beyond its end. Of these a definition in plain
numbers is the judge, written from TensorFlow Lite Micro's EvalIntegerSvdfReference.
"""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ops.case import Case, random_array
from ops.cases.layers.svdf import INT8_STATES, INT16_STATES
from oracle import Oracle
from tflite_files import constant, file, tensor

from edgec.driver import BuildOptions, build
from edgec.driver.run.regression import run_regression
from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, QParams, State, ValueName, evaluate_runs, verify
from edgec.ops.layers.svdf import Svdf
from edgec.quantization.samples.model_states import with_file_states

RUNS = 25
Q = QParams.per_tensor


def stateful(graph: Graph) -> Graph:
    """Return the graph of a case with its last input and its last output as a state."""
    state = State(graph.inputs[-1], graph.outputs[-1])
    return replace(graph, states=(state,))


def samples(graph: Graph) -> list[dict[ValueName, Array]]:
    rng = np.random.default_rng(0)
    (name,) = graph.without_states(graph.inputs)
    return [{name: random_array(rng, graph.types[name])} for _ in range(RUNS)]


@pytest.mark.oracle
@pytest.mark.parametrize("case", INT16_STATES, ids=str)
def test_sequences_equal_the_interpreter(case: Case) -> None:
    graph = stateful(case.graph)
    data = write_tflite(graph)
    oracle = Oracle(data, exact=True)
    wanted = [oracle.run(x) for x in samples(graph)]
    got = list(evaluate_runs(graph, samples(graph)))
    (output,) = graph.without_states(graph.outputs)
    assert len({each[output].tobytes() for each in got}) > RUNS / 2
    assert [e[output].tobytes() for e in got] == [e[output].tobytes() for e in wanted]


@pytest.mark.oracle
def test_an_input_has_one_answer_where_the_state_is_not_kept() -> None:
    graph = with_file_states(stateful(INT16_STATES[0].graph), "none")
    oracle = Oracle(write_tflite(graph), exact=True)
    first, second = samples(graph)[:2]
    answers = [next(iter(oracle.run(x).values())).tobytes() for x in (first, second, first)]
    wanted = [
        next(iter(x.values())).tobytes() for x in evaluate_runs(graph, [first, second, first])
    ]
    assert answers == wanted
    assert answers[0] == answers[2] != answers[1]


@pytest.mark.qemu
def test_firmware_gives_the_golden_sequence(tmp_path: Path) -> None:
    path = tmp_path / "svdf.tflite"
    path.write_bytes(write_tflite(stateful(INT16_STATES[0].graph)))
    out = build(BuildOptions(model=str(path), board="qemu-m4", output=str(tmp_path / "out"))).folder
    for on in ("emulator", "host"):
        assert run_regression(out, on=on).mismatches == 0


@pytest.mark.parametrize("case", INT16_STATES, ids=str)
def test_files_come_back_with_their_states(case: Case, tmp_path: Path) -> None:
    graph = stateful(case.graph)
    path = tmp_path / "svdf.tflite"
    path.write_bytes(write_tflite(graph))
    again = load_tflite(path)
    verify(again)
    assert len(again.states) == 1
    assert write_tflite(replace(again, name=graph.name)) == path.read_bytes()
    results = [evaluate_runs(each, samples(each)) for each in (graph, again)]
    for before, after in zip(*results, strict=True):
        assert [x.tobytes() for x in before.values()] == [x.tobytes() for x in after.values()]


def scaled(x: int, factor: float) -> int:
    """Return x times a factor as TensorFlow Lite's MultiplyByQuantizedMultiplier has it."""
    fraction, shift = math.frexp(factor)
    left, right = max(shift, 0), max(-shift, 0)
    high = ((x << left) * math.floor(fraction * (1 << 31) + 0.5) + (1 << 30)) >> 31
    rest, half = high % (1 << right), (1 << right) / 2
    return (high >> right) + int(rest > half or (rest == half and right > 0 and high >= 0))


def limited(x: int, dtype: DType = DType.INT8) -> int:
    limits = np.iinfo(dtype.numpy)
    return max(int(limits.min), min(int(limits.max), x))


def by_definition(graph: Graph, inputs: list[Array]) -> list[list[int]]:
    """Return what runs one after the other give, one batch after the other, in plain integers."""
    (node,) = graph.nodes
    assert isinstance(node.op, Svdf)
    x, features, time, state = (graph.types[value] for value in node.inputs[:4])
    zeros = [kind.quantization.zero_point for kind in (x, state, graph.types[node.outputs[0]])]
    scales = [np.float32(kind.quantization.scale) for kind in (x, features, time, state)]
    to_state = float(scales[0] * scales[1] / scales[3])
    output = np.float32(graph.types[node.outputs[0]].quantization.scale)
    to_output = float(scales[3] * scales[2] / output)
    constants = (graph.constants[value] for value in (*node.inputs[1:3], *node.inputs[4:]))
    w, t, *bias = (each.tolist() for each in constants)
    memory, rank = time.shape[1], node.op.rank
    kept = [[[zeros[1]] * memory for _ in w] for _ in range(x.shape[0])]
    results = []
    for given in inputs:
        row = []
        for batch, values in enumerate(given.tolist()):
            for f, weights in enumerate(w):
                total = sum((v - zeros[0]) * a for v, a in zip(values, weights, strict=True))
                newest = limited(scaled(total, to_state) + zeros[1], state.dtype)
                kept[batch][f] = [*kept[batch][f][1:], newest]
            for unit in range(len(w) // rank):
                total = bias[0][unit] if bias else 0
                for f in range(unit * rank, unit * rank + rank):
                    pairs = zip(kept[batch][f], t[f], strict=True)
                    total += sum((v - zeros[1]) * a for v, a in pairs)
                row.append(limited(scaled(total, to_output) + zeros[2]))
        results.append(row)
    return results


@pytest.mark.parametrize("case", INT8_STATES, ids=str)
def test_int8_states_equal_the_definition(case: Case) -> None:
    graph = stateful(case.graph)
    (name,) = graph.without_states(graph.inputs)
    (output,) = graph.without_states(graph.outputs)
    given = samples(graph)
    got = [each[output].ravel().tolist() for each in evaluate_runs(graph, given)]
    assert len({tuple(each) for each in got}) > RUNS / 2
    assert got == by_definition(graph, [each[name] for each in given])


@pytest.mark.oracle
def test_the_definition_is_the_interpreters_where_both_can_be_asked() -> None:
    graph = stateful(INT16_STATES[0].graph)
    (name,) = graph.without_states(graph.inputs)
    given = samples(graph)
    oracle = Oracle(write_tflite(graph), exact=True)
    wanted = [next(iter(oracle.run(each).values())).ravel().tolist() for each in given]
    assert len({tuple(each) for each in wanted}) > RUNS / 2
    assert by_definition(graph, [each[name] for each in given]) == wanted


def int8_state_file() -> bytes:
    """Return a file of TensorFlow Lite Micro's: states and time weights are int8."""
    return svdf_file(
        t=constant("t", np.ones((4, 5), np.int8), Q(0.1)),
        s=replace(tensor("s", (1, 20), DType.INT8, Q(0.1, -9)), variable=True),
    )


def test_files_with_int8_states_are_built_without_a_tflite(tmp_path: Path) -> None:
    path = tmp_path / "svdf.tflite"
    path.write_bytes(int8_state_file())
    graph = load_tflite(path)
    verify(graph)
    assert graph.types[graph.states[0].input].quantization.zero_point == -9
    with pytest.raises(EdgecError, match="reads all states as int16") as caught:
        write_tflite(graph)
    assert caught.value.code == "cannot-export"


@pytest.mark.qemu
def test_firmware_with_an_int8_state_gives_the_golden_sequence(tmp_path: Path) -> None:
    path = tmp_path / "svdf.tflite"
    path.write_bytes(int8_state_file())
    out = build(BuildOptions(model=str(path), board="qemu-m4", output=str(tmp_path / "out"))).folder
    for on in ("emulator", "host"):
        assert run_regression(out, on=on).mismatches == 0


def svdf_file(**changes: FileTensor | str) -> bytes:
    tensors: dict[str, FileTensor] = {
        "x": tensor("x", (1, 3)),
        "w": constant("w", np.ones((4, 3), np.int8), Q(0.1)),
        "t": constant("t", np.ones((4, 5), np.int16), Q(0.1)),
        "b": constant("b", np.ones(2, np.int32), Q(0.01)),
        "s": replace(tensor("s", (1, 20), DType.INT16, Q(0.1)), variable=True),
        "y": tensor("y", (1, 2)),
    }
    activation = changes.pop("activation", "RELU")
    tensors.update({k: v for k, v in changes.items() if isinstance(v, FileTensor)})
    fields = {"Rank": 2, "FusedActivationFunction": activation}
    operator = FileOperator("SVDF", 3, (0, 1, 2, 3, 4), (5,), "SVDFOptions", fields)
    return file(list(tensors.values()), [operator], outputs=(5,))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"activation": "NONE"}, "unsupported-attribute"),
        ({"t": constant("t", np.ones((4, 5), np.int8), Q(0.1))}, "unsupported-tensor"),
        ({"w": constant("w", np.ones((3, 3), np.int8), Q(0.1))}, "operator-misfit"),
    ],
)
def test_what_the_kernel_does_not_do_is_refused(
    changes: dict[str, FileTensor | str], code: str, tmp_path: Path
) -> None:
    path = tmp_path / "svdf.tflite"
    path.write_bytes(svdf_file())
    assert len(load_tflite(path).states) == 1
    path.write_bytes(svdf_file(**changes))
    with pytest.raises(EdgecError) as caught:
        load_tflite(path)
    assert caught.value.code == code
