"""Real files that compare, select and look up: floats as the interpreter, integers bit for bit."""

from pathlib import Path

import numpy as np
import pytest
from onnx_models import to_graph, to_source
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.frontends import load
from edgec.ir import Array, DType, Graph, ValueName, evaluate
from edgec.ops.conversion.quantize import quantize_floats
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.samples import Samples

MODELS = Path(__file__).parents[3] / "shared" / "models"
FILES = (
    "real/a709de_model.tflite",  # SELU as tf2onnx writes it: GREATER, SELECT
    "real/3db297_nmp.tflite",  # a guarded division: EQUAL, SELECT_V2
    "real/c69cef_model.tflite",  # shapes by way of WHERE and SPARSE_TO_DENSE
    "exports/tf_embed.float.tflite",  # an embedding: LESS, ADD, SELECT_V2, GATHER
)
HYBRID = {"real/c69cef_model.tflite": 0.05}
"""Files of int8 weights, whose activations the interpreter rounds: how far apart results may be."""
SAMPLES = 2
pytestmark = [pytest.mark.shared, pytest.mark.oracle]


def drawn(graph: Graph) -> list[dict[ValueName, Array]]:
    """Return normal floats, and integers as negative as the embedding's rows are many."""
    rng = np.random.default_rng(0)
    kinds = {name: graph.types[name] for name in graph.inputs}
    return [
        {
            name: rng.integers(-200, 200, kind.shape).astype(np.int32)
            if kind.dtype is DType.INT32
            else rng.standard_normal(kind.shape).astype(np.float32)
            for name, kind in kinds.items()
        }
        for _ in range(SAMPLES)
    ]


def by_tensor(graph: Graph, data: bytes, sample: dict[ValueName, Array]) -> list[Array]:
    """Run the interpreter; the file calls its tensors otherwise than its signature does."""
    oracle = Oracle(data)
    details = oracle._interpreter.get_input_details()
    named = zip(details, sample.values(), strict=True)
    results = oracle.run({each["name"]: array for each, array in named})
    assert len(results) == len(graph.outputs)
    return list(results.values())


@pytest.mark.parametrize("file", FILES)
def test_a_real_file_is_computed_alike(file: str) -> None:
    path = MODELS / file
    if not path.exists():
        pytest.skip(f"{path} is not here: it is one of the shared models")
    imported = load(path).graph
    graph = optimize_float(imported)
    samples = drawn(graph)
    for sample in samples:
        given = {name: to_source(graph, name, array) for name, array in sample.items()}
        theirs = by_tensor(imported, path.read_bytes(), given)
        for each in (imported, graph):
            taken = {name: to_graph(each, name, array) for name, array in given.items()}
            for (name, made), wanted in zip(evaluate(each, taken).items(), theirs, strict=True):
                actual = to_source(each, name, made)
                limit = HYBRID.get(file, 1e-3) * max(1e-6, float(np.abs(wanted).max()))
                np.testing.assert_allclose(actual, wanted, rtol=0, atol=limit)
    arrays = {name: np.stack([each[name] for each in samples]) for name in graph.inputs}
    integers = optimize_integer(quantize(graph, calibrate(graph, Samples(arrays))))
    data = write_tflite(integers)
    for sample in samples:
        taken = {
            name: quantize_floats(array, integers.types[name])
            if integers.types[name].qparams
            else array
            for name, array in sample.items()
        }
        theirs = by_tensor(integers, data, taken)
        for actual, wanted in zip(evaluate(integers, taken).values(), theirs, strict=True):
            assert actual.tobytes() == wanted.tobytes()
