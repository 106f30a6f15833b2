"""Damaged .tflite bytes: a graph or an EdgecError, nothing else, and at once."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ops.case import case_modules, cases_of, random_array
from tflite_files import two_convolutions

from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.frontends import load
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import evaluate, verify


def _small_files() -> list[bytes]:
    """Return a few operator cases of each kind, as small files."""
    files = []
    for module in case_modules():
        graphs = [case.graph for case in cases_of(module) if case.oracle and case.graph.inputs]
        files += [write_tflite(graph) for graph in graphs[:4]]
    return [each for each in files if len(each) < 3000]


OPERATORS = _small_files()
GOOD = write_tflite(two_convolutions())
POSITIONS = st.integers(0, len(GOOD) - 1)
RNG = np.random.default_rng(3)
VALUES = st.one_of(
    st.binary(min_size=1, max_size=1),
    st.sampled_from([0, 1, 2, 4, 8, -1, -2, 127, 2**15, 2**31 - 1, -(2**31)]).map(
        lambda value: value.to_bytes(4, "little", signed=True)
    ),
)


def attempt(data: bytes) -> None:
    """Load; what loads must be a valid graph that can be evaluated."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.tflite"
        path.write_bytes(data)
        try:
            graph = load_tflite(path)
        except EdgecError:
            return
    verify(graph)
    if sum(kind.bytes for kind in graph.types.values()) < 100_000:
        evaluate(graph, {x: random_array(RNG, graph.types[x]) for x in graph.inputs})


@settings(max_examples=400, deadline=2000)
@given(st.lists(st.tuples(POSITIONS, VALUES), min_size=1, max_size=4))
def test_overwritten_bytes(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(GOOD)
    for position, value in changes:
        data[position : position + len(value)] = value
    attempt(bytes(data))


@settings(max_examples=400, deadline=2000)
@given(st.sampled_from(OPERATORS), st.data())
def test_every_operator_damaged(good: bytes, data: st.DataObject) -> None:
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(good) - 1))
        value = data.draw(VALUES)
        damaged[position : position + len(value)] = value
    attempt(bytes(damaged))


@settings(max_examples=100, deadline=2000)
@given(POSITIONS, POSITIONS, st.binary(max_size=64))
def test_spliced_bytes(start: int, end: int, inserted: bytes) -> None:
    attempt(GOOD[: min(start, end)] + inserted + GOOD[max(start, end) :])


@settings(max_examples=100, deadline=2000)
@given(st.binary(min_size=1, max_size=256))
@example(b"\0\0\0\0TFL3")
@example(b"\x08\0\0\0TFL3\0\0\0\0")
@example(b"\xff\xff\xff\xffTFL3" + b"\xff" * 64)
def test_random_bytes_behind_the_identifier(tail: bytes) -> None:
    attempt(tail[:4].ljust(4, b"\0") + b"TFL3" + tail[4:])


@settings(max_examples=100, deadline=2000)
@given(st.binary(max_size=256))
def test_random_files_are_no_models(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m"
        path.write_bytes(data)
        with pytest.raises(EdgecError):
            load(path)


def test_the_undamaged_file_loads_and_runs(tmp_path: Path) -> None:
    """The start of all mutations is good: otherwise the tests above would prove nothing."""
    path = tmp_path / "two.tflite"
    path.write_bytes(GOOD)
    assert str(load_tflite(path)) == str(two_convolutions())
