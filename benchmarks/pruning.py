"""What pruning costs and saves on the public ONNX models: the tables of docs/pruning.md.

    python benchmarks/pruning.py ../shared/models/onnx

Each model is pruned on its calib.npz and judged on its test.npz: accuracy, for the autoencoder the
area under the ROC curve of its squared error. "none" is the pruned network without the repair.
int8 is quantized as `edgec build` does it and evaluated exactly.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np

from edgec.frontends import load
from edgec.ir import Array, Graph
from edgec.pipelines import optimize_float, optimize_integer
from edgec.pruning import parse_request, prune
from edgec.pruning import pruner as pruner_module
from edgec.pruning.pruning_report import sqnr_db
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples, read_samples

MODELS = ("pub_lenet", "pub_dscnn", "pub_cnn1d", "pub_mbv2", "pub_ae")
REQUESTS = (
    "channels=0.25",
    "channels=0.25,global",
    "channels=0.5",
    "weights=0.5",
    "weights=0.5,global",
    "weights=0.7",
)


class Unrepaired:
    """Stands for the reconstruction and does nothing."""

    def __init__(self, _: Graph, pruned: Graph, *others: object) -> None:
        self.pruned = pruned

    def run(self, _: object) -> Graph:
        return self.pruned


class Model:
    """A public model with its samples."""

    def __init__(self, folder: Path) -> None:
        self.graph = optimize_float(load(folder / f"{folder.name}.onnx").graph)
        self.calib = read_samples(folder / "calib.npz", self.graph)
        self.test = read_samples(folder / "test.npz", self.graph)
        with np.load(folder / "test.npz") as file:
            self.anomaly = file["anomaly"] if "anomaly" in file.files else None
        self.wanted = outputs(self.graph, self.test)

    def metric(self, actual: Array) -> float:
        if self.anomaly is not None:
            (x,) = self.test.arrays.values()
            return area_under_roc(np.square(actual - x.reshape(actual.shape)).mean(1), self.anomaly)
        return float(np.mean(actual.argmax(axis=1) == self.test.labels[0].values))

    def int8(self, graph: Graph) -> Array:
        """Return the dequantized outputs of the integer model."""
        integer = optimize_integer(quantize(graph, calibrate(graph, self.calib)))
        (x,), (y,) = integer.inputs, integer.outputs
        q, limits = integer.types[x].quantization, np.iinfo(np.int8)
        steps = np.rint(self.test.arrays[x] / np.float32(q.scale)) + q.zero_point
        samples = Samples({x: np.clip(steps, limits.min, limits.max).astype(np.int8)})
        q = integer.types[y].quantization
        return np.asarray((outputs(integer, samples).astype(np.float64) - q.zero_point) * q.scale)


def outputs(graph: Graph, samples: Samples) -> Array:
    values = BatchEvaluator(graph).run(samples.arrays)
    return np.asarray(values[graph.outputs[0]].reshape(len(samples), -1))


def area_under_roc(scores: Array, positive: Array) -> float:
    high, low = scores[positive == 1], scores[positive == 0]
    return float(np.mean(high[:, None] > low[None, :]))


def row(model: Model, name: str, request: str) -> Sequence[str]:
    done = prune(model.graph, model.calib, parse_request(request))
    with patch.object(pruner_module, "Reconstruction", Unrepaired):
        broken = prune(model.graph, model.calib, parse_request(request))
    before, after = done.report.before, done.report.after
    worse, better = outputs(broken.graph, model.test), outputs(done.graph, model.test)
    return (
        name,
        request,
        f"{after.macs / before.macs:.1%}",
        f"{after.nonzero_weights / before.nonzero_weights:.1%}",
        f"{model.metric(model.wanted):.4f}",
        f"{model.metric(worse):.4f}",
        f"{model.metric(better):.4f}",
        f"{model.metric(model.int8(done.graph)):.4f}",
        f"{sqnr_db(model.wanted, worse):.1f}",
        f"{sqnr_db(model.wanted, better):.1f}",
    )


def main(folder: Path) -> None:
    titles = ("model", "--prune", "MACs", "weights", "float", "none", "repaired", "int8", "dB none")
    print("| " + " | ".join((*titles, "dB repaired")) + " |")
    print("|---|---|" + "---:|" * 8)
    for name in MODELS:
        model = Model(folder / name)
        for request in REQUESTS:
            print("| " + " | ".join(row(model, name, request)) + " |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
