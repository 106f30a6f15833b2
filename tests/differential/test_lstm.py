"""LSTM against the interpreter, which keeps the states in variables: sequences, not single runs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ops.case import Case, random_array
from ops.cases.layers.lstm import CASES
from oracle import Oracle, exported
from tflite_files import constant, file, tensor

from edgec.driver import BuildOptions, build
from edgec.driver.about.inspect import inspect
from edgec.driver.output import open_output
from edgec.driver.run.regression import run_regression
from edgec.driver.run.run import run
from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, QParams, State, ValueName, evaluate_runs, verify

RUNS = 12
Q = QParams.per_tensor
BY_NAME = {case.name: case for case in CASES}


def stateful(graph: Graph) -> Graph:
    """Return the graph of a case whose last inputs and outputs are states, if it has any."""
    pairs = zip(graph.inputs[1:], graph.outputs[1:], strict=False)
    kept = replace(graph, states=tuple(State(before, after) for before, after in pairs))
    return kept if kept.states else replace(kept, outputs=graph.outputs[:1])


def samples(graph: Graph) -> list[dict[ValueName, Array]]:
    rng = np.random.default_rng(0)
    (name,) = graph.without_states(graph.inputs)
    return [{name: random_array(rng, graph.types[name])} for _ in range(RUNS)]


def raw(runs: Sequence[dict[ValueName, Array]]) -> list[list[bytes]]:
    return [[array.tobytes() for array in each.values()] for each in runs]


@pytest.mark.oracle
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sequences_equal_the_interpreter(case: Case) -> None:
    graph = stateful(case.graph)
    oracle = Oracle(write_tflite(graph), exact=True)
    wanted = [list(oracle.run(x).values()) for x in samples(graph)]
    got = list(evaluate_runs(graph, samples(graph)))
    assert raw(got) == [[each.tobytes() for each in run] for run in wanted]


@pytest.mark.oracle
def test_an_input_has_one_answer_where_there_is_no_state() -> None:
    graph = stateful(BY_NAME["lstm_without_states"].graph)
    oracle = Oracle(write_tflite(graph), exact=True)
    first, second = samples(graph)[:2]
    answers = [next(iter(oracle.run(x).values())).tobytes() for x in (first, second, first)]
    assert answers[0] == answers[2] != answers[1]


@pytest.mark.qemu
@pytest.mark.parametrize("name", ["lstm_of_states", "lstm_without_states"])
def test_firmware_gives_the_golden_sequence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "lstm.tflite"
    path.write_bytes(write_tflite(stateful(BY_NAME[name].graph)))
    out = build(BuildOptions(model=str(path), board="qemu-m4", output=str(tmp_path / "out"))).folder
    for on in ("emulator", "host"):
        assert run_regression(out, on=on).mismatches == 0


@pytest.mark.qemu
@pytest.mark.oracle
@pytest.mark.parametrize(("state", "kept", "warned"), [("", 2, 1), ("keep", 2, 0), ("none", 0, 0)])
def test_firmware_keeps_the_states_of_a_file_or_none(
    state: str, kept: int, warned: int, tmp_path: Path
) -> None:
    """What the option says holds for the firmware, its reset and the exported file alike."""
    path = tmp_path / "lstm.tflite"
    path.write_bytes(write_tflite(stateful(BY_NAME["lstm_of_states"].graph)))
    options = BuildOptions(
        model=str(path), board="qemu-m4", output=str(tmp_path / "out"), state=state
    )
    built = open_output(build(options).folder)
    assert [layer["op"] for layer in built.report["layers"]].count("state") == kept
    assert len([each for each in built.report["warnings"] if "--state none" in each]) == warned
    one = samples(load_tflite(path))[0]
    (name,) = one
    np.savez(tmp_path / "x.npz", **{name: np.concatenate([one[name]] * 3)})
    firmware = next(iter(run(built.folder, tmp_path / "x.npz").outputs.values()))
    oracle = Oracle(exported(built).read_bytes(), exact=True)
    interpreter = [next(iter(oracle.run(one).values())) for _ in range(3)]
    assert [each.tobytes() for each in firmware] == [each.tobytes() for each in interpreter]
    assert len({each.tobytes() for each in interpreter}) == (3 if kept else 1)
    again = next(iter(run(built.folder, tmp_path / "x.npz").outputs.values()))
    assert again.tobytes() == firmware.tobytes()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_files_come_back_with_their_states(case: Case, tmp_path: Path) -> None:
    graph = stateful(case.graph)
    path = tmp_path / "lstm.tflite"
    path.write_bytes(write_tflite(graph))
    again = load_tflite(path)
    verify(again)
    assert len(again.states) == len(graph.states)
    results = [list(evaluate_runs(each, samples(each))) for each in (graph, again)]
    assert raw(results[0]) == raw(results[1])


def test_a_file_may_read_a_state_behind_the_layer(tmp_path: Path) -> None:
    graph = replace(stateful(BY_NAME["lstm_of_states"].graph), states=())
    path = tmp_path / "lstm.tflite"
    path.write_bytes(write_tflite(graph))
    again = load_tflite(path)
    inputs = {
        name: random_array(np.random.default_rng(1), graph.types[name]) for name in graph.inputs
    }
    results = [list(evaluate_runs(each, [inputs])) for each in (graph, again)]
    assert raw(results[0]) == raw(results[1])


DEPTH, UNITS = 3, 2


def lstm_file(changes: dict[int, FileTensor | None], **fields: object) -> bytes:
    """Return a file as TFLite's converter writes Keras' LSTM, with other inputs and options."""
    w, r = np.ones((UNITS, DEPTH), np.int8), np.ones((UNITS, UNITS), np.int8)
    inputs: dict[int, FileTensor | None] = {
        0: tensor("x", (1, 4, DEPTH)),
        **{1 + i: constant(f"w{i}", w, Q(0.1)) for i in range(4)},
        **{5 + i: constant(f"r{i}", r, Q(0.1)) for i in range(4)},
        **{12 + i: constant(f"b{i}", np.ones(UNITS, np.int32), Q(0.05)) for i in range(4)},
        18: replace(tensor("h", (1, UNITS), q=Q(0.01, 2)), variable=True),
        19: replace(tensor("c", (1, UNITS), DType.INT16, Q(2**-11)), variable=True),
    }
    inputs |= changes
    present = {place: each for place, each in inputs.items() if each is not None}
    numbers = {place: number for number, place in enumerate(present)}
    y = tensor("y", (1, 4, UNITS), q=Q(0.01, 2))
    hidden = [tensor(f"i{i}", (), q=Q(0.01, 2)) for i in range(5)]
    tensors = [*present.values(), y, *hidden]
    first = len(present)
    options = {"FusedActivationFunction": "TANH", **fields}
    operator = FileOperator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        1,
        [numbers.get(place, -1) for place in range(24)],
        [first],
        "UnidirectionalSequenceLSTMOptions",
        options,
        range(first + 1, first + 6),
    )
    return file(tensors, [operator], outputs=(first,))


@pytest.mark.oracle
def test_files_of_the_converter_are_read(tmp_path: Path) -> None:
    path = tmp_path / "lstm.tflite"
    path.write_bytes(lstm_file({}))
    graph = load_tflite(path)
    oracle = Oracle(path.read_bytes(), exact=True)
    wanted = [[each.tobytes() for each in oracle.run(x).values()] for x in samples(graph)]
    assert raw(list(evaluate_runs(graph, samples(graph)))) == wanted


VECTOR = constant("extra", np.ones(UNITS, np.int16), Q(0.1))
MATRIX = constant("extra", np.ones((UNITS, UNITS), np.int8), Q(0.1))


@pytest.mark.parametrize(
    ("changes", "fields", "code", "said"),
    [
        ({1: None, 5: None, 12: None}, {}, "unsupported-attribute", "CIFG"),
        ({10: VECTOR, 11: VECTOR}, {}, "unsupported-attribute", "peepholes"),
        ({16: MATRIX}, {}, "unsupported-attribute", "projection"),
        ({20: VECTOR}, {}, "unsupported-attribute", "layer normalization"),
        ({}, {"FusedActivationFunction": "RELU"}, "unsupported-attribute", "RELU"),
        ({}, {"DiagonalRecurrentTensors": True}, "unsupported-attribute", "diagonal"),
        ({1: replace(VECTOR, name="w")}, {}, "unsupported-tensor", "int16"),
        (
            {19: replace(tensor("c", (1, UNITS), DType.INT16, Q(0.001)), variable=True)},
            {},
            "unsupported-quantization",
            "power of two",
        ),
        ({2: MATRIX}, {}, "operator-misfit", "fit"),
        ({0: tensor("x", (2, 4, DEPTH))}, {}, "operator-misfit", "states"),
    ],
)
def test_what_the_operator_does_not_do_is_refused(
    changes: dict[int, FileTensor | None],
    fields: dict[str, object],
    code: str,
    said: str,
    tmp_path: Path,
) -> None:
    path = tmp_path / "lstm.tflite"
    path.write_bytes(lstm_file(changes, **fields))
    with pytest.raises(EdgecError, match=said) as caught:
        load_tflite(path)
    assert caught.value.code == code


def test_inspect_shows_states_apart(tmp_path: Path) -> None:
    path = tmp_path / "lstm.tflite"
    path.write_bytes(lstm_file({}))
    found = inspect(path)
    shown = [[each.name for each in part] for part in (found.inputs, found.outputs, found.states)]
    assert shown == [["x"], ["y"], ["h", "c"]]
