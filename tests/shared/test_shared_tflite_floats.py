"""Float models of MLPerf Tiny: our float reference against TFLite's, before and after passes."""

from pathlib import Path

import numpy as np
import pytest
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.frontends import load
from edgec.ir import Array, evaluate
from edgec.pipelines import optimize_float

MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"
FLOAT = ("vww_96_float.tflite", "pretrainedResnet.tflite", "ad01_fp32.tflite")
HYBRID = "kws_ref_model_float32.tflite"
pytestmark = [pytest.mark.shared, pytest.mark.oracle]


def random_input(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def relative_error(ours: Array, theirs: Array) -> float:
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


@pytest.mark.parametrize("file", FLOAT)
def test_float_results_equal_the_interpreter(file: str) -> None:
    imported = load(MODELS / file).graph
    oracle = Oracle((MODELS / file).read_bytes())
    for graph in (imported, optimize_float(imported)):
        assert not graph.layouts
        for seed in range(2):
            x = random_input(graph.types[graph.inputs[0]].shape, seed)
            (theirs,) = oracle.run({graph.inputs[0]: x}).values()
            (ours,) = evaluate(graph, {graph.inputs[0]: x}).values()
            assert relative_error(ours, theirs) < 1e-4


def test_a_hybrid_model_is_the_float_model_of_its_weights() -> None:
    """The interpreter rounds activations of such a file; of the same weights in float, it does not.

    So the file itself agrees roughly, and what we write of our graph exactly.
    """
    graph = load(MODELS / HYBRID).graph
    x = {graph.inputs[0]: random_input(graph.types[graph.inputs[0]].shape, 1)}
    (ours,) = evaluate(graph, x).values()
    (rounded,) = (
        Oracle((MODELS / HYBRID).read_bytes()).run({str(k): v for k, v in x.items()}).values()
    )
    (exact,) = Oracle(write_tflite(graph)).run({str(k): v for k, v in x.items()}).values()
    assert relative_error(ours, rounded) < 0.05
    assert relative_error(ours, exact) < 1e-4
