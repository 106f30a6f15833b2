"""Two graphs compute the same: random inputs in, outputs compared, each in its own layout."""

from collections.abc import Callable

import numpy as np
from onnx_models import evaluate_source, to_source

from edgec.ir import Array, DType, Graph, GraphBuilder, TensorType, ValueName, verify
from edgec.passes.pipeline import Pass


def random_source_inputs(graph: Graph, seed: int) -> dict[ValueName, Array]:
    """Draw inputs in the source's layout: normal floats, integers from their whole range."""
    rng = np.random.default_rng(seed)
    drawn = {name: _draw(rng, graph.types[name]) for name in graph.inputs}
    return {name: to_source(graph, name, array) for name, array in drawn.items()}


def assert_equivalent(
    before: Graph, after: Graph, *, samples: int = 3, tolerance: float = 1e-5
) -> None:
    """Compare two graphs on random inputs; ``tolerance`` is relative to the largest output."""
    verify(after)
    assert (before.inputs, before.outputs) == (after.inputs, after.outputs)
    for seed in range(samples):
        x = random_source_inputs(before, seed)
        expected, actual = evaluate_source(before, x), evaluate_source(after, x)
        for name, wanted in expected.items():
            assert actual[name].shape == wanted.shape
            limit = tolerance * max(1e-6, float(np.abs(wanted).max(initial=0)))
            np.testing.assert_allclose(actual[name], wanted, rtol=0, atol=limit)


def check_pass(each: Pass, before: Graph, expected: str) -> Graph:
    """Run a pass: the text is as expected, the results are the same, a second run does nothing."""
    after = each.run(before)
    assert str(after) == expected.strip("\n")
    assert_equivalent(before, after)
    assert each.run(after) is after
    return after


def assert_untouched(each: Pass, graph: Graph) -> None:
    assert each.run(graph) is graph


def floats(*shape: int) -> TensorType:
    return TensorType(shape)


def random_array(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape).astype(np.float32)


def graph_of(build: Callable[[GraphBuilder], list[ValueName]]) -> Graph:
    """Return the graph that a function builds."""
    g = GraphBuilder("g")
    return g.build(build(g))


def _draw(rng: np.random.Generator, kind: TensorType) -> Array:
    if kind.dtype is DType.FLOAT32:
        return rng.standard_normal(kind.shape).astype(np.float32)
    limits = np.iinfo(kind.dtype.numpy)
    return rng.integers(limits.min, limits.max + 1, kind.shape, kind.dtype.numpy)
