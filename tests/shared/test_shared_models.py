"""Whole int8 models of MLPerf Tiny: our reference == TFLite's reference kernels, byte for byte."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from ops.case import extreme, random_array
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.frontends import load
from edgec.ir import Array, Graph, TensorType, evaluate, verify

MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"
REAL, RANDOM = 12, 8
pytestmark = [pytest.mark.shared, pytest.mark.oracle]


@dataclass(frozen=True)
class Model:
    """An int8 model and where real samples for it are."""

    file: str
    samples: str
    key: str

    def real(self, kind: TensorType) -> list[Array]:
        """Return real samples as the model's own integers."""
        with np.load(MODELS / self.samples) as archive:
            data = archive[self.key][:: max(1, len(archive[self.key]) // REAL)][:REAL]
        q = kind.quantization
        if data.dtype == np.uint8:
            data = (data.astype(np.int16) - 128).astype(np.int8)
        elif data.dtype == np.float32:
            data = np.clip(np.round(data / q.scale) + q.zero_point, -128, 127).astype(np.int8)
        return [sample.reshape(kind.shape) for sample in data]

    def __str__(self) -> str:
        return self.file.removesuffix(".tflite")


ALL = [
    Model("kws_ref_model.tflite", "kws_samples.npz", "features"),
    Model("ad01_int8.tflite", "ad_samples.npz", "window"),
    Model("pretrainedResnet_quant.tflite", "ic_samples.npz", "image"),
    Model("vww_96_int8.tflite", "vww_samples.npz", "image"),
]


def inputs(model: Model, graph: Graph) -> list[Array]:
    """Return at least 20 inputs: real ones, both extremes, and random ones for the rest."""
    kind = graph.types[graph.inputs[0]]
    rng = np.random.default_rng(2)
    chosen = [*model.real(kind), extreme(kind, largest=False), extreme(kind, largest=True)]
    return chosen + [random_array(rng, kind) for _ in range(max(RANDOM, 20 - len(chosen)))]


def assert_equal(graph: Graph, file: bytes, samples: list[Array]) -> None:
    """Compare the graph's outputs with those of a .tflite on every sample."""
    (x,), (y,) = graph.inputs, graph.outputs
    judge = Oracle(file, exact=True)
    for number, sample in enumerate(samples):
        expected, actual = judge.run({x: sample})[y], evaluate(graph, {x: sample})[y]
        assert actual.tobytes() == expected.tobytes(), f"sample {number} differs"


@pytest.mark.parametrize("model", ALL, ids=str)
def test_import_is_exact(model: Model) -> None:
    path = MODELS / model.file
    graph = load(path).graph
    verify(graph)
    samples = inputs(model, graph)
    assert len(samples) >= 20
    assert_equal(graph, path.read_bytes(), samples)


@pytest.mark.parametrize("model", ALL, ids=str)
def test_written_back_is_exact(model: Model, tmp_path: Path) -> None:
    """The exported file gives the same bytes as the original, and imports to the same graph."""
    path = MODELS / model.file
    graph = load(path).graph
    (tmp_path / model.file).write_bytes(write_tflite(graph))
    assert str(load(tmp_path / model.file).graph) == str(graph)
    (x,), (y,) = graph.inputs, graph.outputs
    before, after = (
        Oracle(each.read_bytes(), exact=True) for each in (path, tmp_path / model.file)
    )
    for sample in inputs(model, graph):
        assert before.run({x: sample})[y].tobytes() == after.run({x: sample})[y].tobytes()
