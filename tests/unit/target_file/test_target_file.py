"""``<name>.edgec``: every operator comes back as it was; whatever else a file holds is an error."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ops.case import Case, case_modules, cases_of
from ops.cases.layers.lstm import CASES as LSTMS

from edgec.driver import BuildOptions, check, compile_model
from edgec.driver.about.inspect import IMPORTED, dump, inspect
from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.ir import Graph, State, verify
from edgec.ops.registry import Format
from edgec.target_file import read_target, write_target
from edgec.target_file.container import MAGIC, Container

PLACE = Path("model.edgec")
CASE: Case = next(case for case in LSTMS if case.name == "lstm_of_states")
GOOD = write_target(CASE.graph)


def code_of(raw: bytes) -> str:
    with pytest.raises(EdgecError) as caught:
        read_target(raw, PLACE)
    assert caught.value.place.file == str(PLACE)
    assert caught.value.help
    return caught.value.code


@pytest.mark.parametrize("module", case_modules())
def test_every_operator_comes_back(module: str) -> None:
    for case in cases_of(module):
        graph, again = case.graph, read_target(write_target(case.graph), PLACE)
        assert str(again) == str(graph)
        assert again.nodes == graph.nodes
        assert dict(again.types) == dict(graph.types)
        for name, array in graph.constants.items():
            assert again.constants[name].dtype == array.dtype
            np.testing.assert_array_equal(again.constants[name], array)


def test_what_a_graph_knows_beside_its_nodes_comes_back() -> None:
    plain = CASE.graph
    graph = Graph(
        plain.name,
        plain.inputs,
        plain.outputs,
        plain.nodes,
        plain.types,
        plain.constants,
        layouts={plain.inputs[0]: (1, 0, 2)},
        states=(State(plain.inputs[-1], plain.outputs[-1]),),
        halves_to_even=True,
        remarks=("a remark with ünïcode",),
    )
    again = read_target(write_target(graph), PLACE)
    for key in ("layouts", "states", "halves_to_even", "remarks", "name"):
        assert getattr(again, key) == getattr(graph, key)


def test_same_graph_same_bytes() -> None:
    assert write_target(CASE.graph) == GOOD


def test_a_file_is_a_model_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "renamed.bin"
    path.write_bytes(GOOD)
    loaded = load(path)
    assert loaded.source_format is Format.EDGEC
    assert str(loaded.graph) == str(CASE.graph)


@pytest.mark.parametrize("module", ["elementwise.standardize", "conversion.dequantize"])
def test_a_target_graph_of_floats_is_taken_as_it_will_run(module: str, tmp_path: Path) -> None:
    """No command quantizes it, as a build does not: its floats are those of the firmware."""
    graph = cases_of(module)[0].graph
    path = tmp_path / "m.edgec"
    path.write_bytes(write_target(graph))
    result = check(path)
    assert result.graph is not None
    assert result.graph.nodes == graph.nodes
    assert inspect(path).quantized
    assert dump(path).after == IMPORTED
    options = BuildOptions(model=str(path), board="qemu-m4")
    assert compile_model(options).graph.nodes == graph.nodes


def test_another_version_is_refused_by_its_number() -> None:
    newer = bytearray(GOOD)
    newer[len(MAGIC)] = 7
    with pytest.raises(EdgecError, match="format 7") as caught:
        read_target(bytes(newer), PLACE)
    assert caught.value.code == "other-target-version"


@pytest.mark.parametrize("size", [0, 4, 8, 15, 16, 100, len(GOOD) // 2, len(GOOD) - 1])
def test_a_file_that_is_cut_off(size: int) -> None:
    assert code_of(GOOD[:size]) == "damaged-target"


def changed(**changes: object) -> bytes:
    container = Container.of_bytes(GOOD)
    return Container({**container.description, **changes}, container.data).to_bytes()


def changed_node(**changes: object) -> bytes:
    container = Container.of_bytes(GOOD)
    first, *rest = container.description["nodes"]
    return changed(nodes=[{**first, **changes}, *rest])


def changed_op(**changes: object) -> bytes:
    container = Container.of_bytes(GOOD)
    return changed_node(op={**container.description["nodes"][0]["op"], **changes})


@pytest.mark.parametrize(
    "raw",
    [
        changed(nodes="none"),
        changed(nodes=[7]),
        changed(inputs=[1]),
        changed(types={}),
        changed(types={"x": {"shape": [-1], "dtype": "int8", "qparams": None}}),
        changed(constants={"nobody": 0}),
        changed(constants={next(iter(CASE.graph.constants)): -4}),
        changed(constants={next(iter(CASE.graph.constants)): 1 << 62}),
        changed(states=[["a"]]),
        changed(halves_to_even=1),
        changed_node(inputs=[]),
        changed_node(name=None),
        changed_op(op="rm -rf"),
        changed_op(op=["conv2d"]),
        changed_op(time_major="yes"),
        changed_op(cell_clip=3),
        changed_op(cell_clip="0x1p99999"),
        changed_op(more=1),
        changed_op(hidden={"scales": [], "zero_points": [], "axis": None}),
    ],
)
def test_what_no_edgec_wrote(raw: bytes) -> None:
    assert code_of(raw) == "damaged-target"


def test_deep_nesting_is_no_way_in() -> None:
    text = b"[" * 100_000
    head = GOOD[: len(MAGIC) + 4] + len(text).to_bytes(4, "little")
    assert code_of(head + text) == "damaged-target"


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_mutated_files_are_graphs_or_errors(data: st.DataObject) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(raw) - 1))
        raw[position] = data.draw(st.integers(0, 255))
    try:
        verify(read_target(bytes(raw), PLACE))
    except EdgecError as error:
        assert error.code in {"damaged-target", "other-target-version"}  # noqa: PT017


def test_the_description_is_plain_json() -> None:
    description = Container.of_bytes(GOOD).description
    assert json.loads(json.dumps(description)) == description
    assert description["name"] == CASE.graph.name
