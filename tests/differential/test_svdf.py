"""SVDF against the interpreter, which keeps the state in a variable: sequences, not single runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ops.case import Case, random_array
from ops.cases.layers.svdf import CASES
from oracle import Oracle
from tflite_files import constant, file, tensor

from edgec.driver import BuildOptions, build
from edgec.driver.run.regression import run_regression
from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, QParams, State, ValueName, evaluate_runs, verify
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
@pytest.mark.parametrize("case", CASES, ids=str)
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
    graph = with_file_states(stateful(CASES[0].graph), "none")
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
    path.write_bytes(write_tflite(stateful(CASES[0].graph)))
    out = build(BuildOptions(model=str(path), board="qemu-m4", output=str(tmp_path / "out"))).folder
    for on in ("emulator", "host"):
        assert run_regression(out, on=on).mismatches == 0


@pytest.mark.parametrize("case", CASES, ids=str)
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
        ({"w": constant("w", np.ones((3, 3), np.int8), Q(0.1))}, "malformed-model"),
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
