"""Damaged .onnx bytes: a graph or an EdgecError, nothing else, and at once."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx_models import MODELS, dynamo_cnn, random_sample

from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import evaluate, verify
from edgec.pipelines import optimize_float

GOOD = [MODELS[name].SerializeToString() for name in ("torchscript", "dynamo", "signal")]
NODES = range(len(MODELS["branches"].graph.node))
NUMBERS = st.sampled_from([0, 1, -1, 2, 3, 7, 127, 2**31 - 1, 2**31, -(2**31), 2**62, -(2**63)])
slow_machine = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def attempt(data: bytes) -> None:
    """Load; what loads must be a valid graph that can be optimized and evaluated."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        path.write_bytes(data)
        try:
            graph = load_onnx(path)
        except EdgecError:
            return
    verify(graph)
    if sum(kind.bytes for kind in graph.types.values()) < 100_000:
        optimized = optimize_float(graph)
        with np.errstate(all="ignore"):
            evaluate(optimized, random_sample(optimized))


@slow_machine
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_overwritten_bytes(good: bytes, changes: list[tuple[int, int]]) -> None:
    data = bytearray(good)
    for position, value in changes:
        data[position % len(data)] = value
    attempt(bytes(data))


@slow_machine
@given(st.sampled_from(GOOD), st.integers(0, 2**16), st.integers(0, 2**16), st.binary(max_size=32))
def test_spliced_bytes(good: bytes, start: int, end: int, inserted: bytes) -> None:
    first, last = sorted((start % len(good), end % len(good)))
    attempt(good[:first] + inserted + good[last:])


@slow_machine
@given(st.sampled_from(NODES), st.integers(0, 9), st.integers(0, 3), NUMBERS)
def test_attributes_with_wild_numbers(node: int, attribute: int, index: int, number: int) -> None:
    model = onnx.ModelProto.FromString(MODELS["branches"].SerializeToString())
    attributes = model.graph.node[node].attribute
    if not attributes:
        return
    changed = attributes[attribute % len(attributes)]
    if changed.ints:
        changed.ints[index % len(changed.ints)] = number
    else:
        changed.i = number
    attempt(model.SerializeToString())


@slow_machine
@given(st.sampled_from(NODES), st.integers(0, 3), st.sampled_from(NODES))
def test_rewired_nodes(node: int, index: int, other: int) -> None:
    model = onnx.ModelProto.FromString(MODELS["branches"].SerializeToString())
    inputs = model.graph.node[node].input
    if inputs:
        inputs[index % len(inputs)] = model.graph.node[other].output[0]
    attempt(model.SerializeToString())


@slow_machine
@given(st.integers(0, 9), st.integers(0, 3), NUMBERS)
def test_tensors_with_wild_shapes(tensor: int, axis: int, extent: int) -> None:
    model = dynamo_cnn()
    dims = model.graph.initializer[tensor % len(model.graph.initializer)].dims
    if dims:
        dims[axis % len(dims)] = extent
    attempt(model.SerializeToString())


@slow_machine
@given(st.integers(0, 3), NUMBERS)
def test_inputs_with_wild_shapes(axis: int, extent: int) -> None:
    model = dynamo_cnn()
    model.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = extent
    attempt(model.SerializeToString())


@pytest.mark.parametrize("good", GOOD, ids=["torchscript", "dynamo", "signal"])
def test_the_undamaged_files_load(good: bytes, tmp_path: Path) -> None:
    """The start of all mutations is good: otherwise the tests above would prove nothing."""
    path = tmp_path / "m.onnx"
    path.write_bytes(good)
    assert load(path).graph.nodes
