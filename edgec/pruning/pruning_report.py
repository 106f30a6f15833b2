"""What pruning saved and what it cost: sizes of the network, its outputs on held-out samples."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgec.ir import Array, Graph, ValueName
from edgec.ops.operator import is_float
from edgec.pruning.weight_choice import weight_layers
from edgec.quantization.quality.metrics.answer import seen_of
from edgec.quantization.quality.metrics.choice import metrics_for
from edgec.quantization.quality.metrics.metric import Metric
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.samples.samples import Samples


@dataclass(frozen=True, slots=True)
class Size:
    """Multiply-accumulates of one inference; weights of all layers, and those that are not 0."""

    macs: int
    weights: int
    nonzero_weights: int

    @classmethod
    def of(cls, graph: Graph) -> "Size":
        names = {node.inputs[1] for node in weight_layers(graph)}
        arrays = [graph.constants[name] for name in names]
        return cls(
            sum(node.op.macs(graph.signature(node)) for node in graph.nodes),
            sum(int(array.size) for array in arrays),
            sum(int(np.count_nonzero(array)) for array in arrays),
        )


@dataclass(frozen=True, slots=True)
class Quality:
    """Outputs compared with those of the original float network.

    ``output_sqnr_db`` is of the worst output, None where there is no error at all; ``accuracy`` and
    ``top1_agreement`` are None where the outputs are no scores of classes.
    """

    output_sqnr_db: float | None
    accuracy: float | None
    top1_agreement: float | None


@dataclass(frozen=True, slots=True)
class FamilySize:
    """Output channels of layers that are pruned together."""

    layers: tuple[str, ...]
    channels_before: int
    channels_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PruningReport:
    """All numbers of one pruning; ``held_out`` tells whether the samples measured were not fitted.

    ``accuracy_before`` is that of the original network by ``metric``, where samples have labels;
    ``criterion`` what was removed by.
    """

    requested: str
    criterion: str
    before: Size
    after: Size
    families: Sequence[FamilySize]
    metric: str | None
    accuracy_before: float | None
    unrepaired: Quality
    repaired: Quality
    samples_fitted: int
    samples_measured: int
    held_out: bool

    def to_json(self) -> dict[str, Any]:
        """Return the object ``pruning`` of report.json."""
        return {
            "requested": self.requested,
            "criterion": self.criterion,
            **{f"{key}_before": value for key, value in asdict(self.before).items()},
            **{f"{key}_after": value for key, value in asdict(self.after).items()},
            "output_sqnr_db": self.repaired.output_sqnr_db,
            "output_sqnr_db_unrepaired": self.unrepaired.output_sqnr_db,
            "top1_agreement": self.repaired.top1_agreement,
            "top1_agreement_unrepaired": self.unrepaired.top1_agreement,
            "accuracy_metric": self.metric,
            "accuracy_before": self.accuracy_before,
            "accuracy_after": self.repaired.accuracy,
            "accuracy_unrepaired": self.unrepaired.accuracy,
            "samples_fitted": self.samples_fitted,
            "samples_measured": self.samples_measured,
            "held_out": self.held_out,
            "families": [asdict(each) for each in self.families],
        }


@dataclass(frozen=True)
class Judge:
    """Compares networks with the original one on the same samples."""

    inputs: Values
    wanted: Mapping[ValueName, Array]
    graph: Graph
    metric: Metric | None

    @classmethod
    def of(cls, graph: Graph, samples: Samples) -> "Judge":
        """Judge by the first labels of samples; without any, by how alike the answers are."""
        inputs = dict(samples.arrays)
        metric = next(iter(metrics_for(graph, samples)), None)
        return cls(inputs, _outputs(graph, inputs), graph, metric)

    def quality(self, graph: Graph) -> Quality:
        outputs = _outputs(graph, self.inputs)
        ratios = [sqnr_db(self.wanted[name], outputs[name]) for name in outputs]
        worst = min(ratios, default=np.inf)
        sqnr = float(worst) if np.isfinite(worst) else None
        return Quality(sqnr, self.accuracy(outputs), self._agreement(outputs))

    def accuracy(self, outputs: Mapping[ValueName, Array]) -> float | None:
        """Return what the labels say of outputs, in the unit of the metric."""
        if self.metric is None or self.metric.labels is None or not self._is_seen(self.metric):
            return None
        return self.metric.measure(self._verdicts(self.metric, outputs)).value

    def _agreement(self, outputs: Mapping[ValueName, Array]) -> float | None:
        if self.metric is None or not self._is_seen(self.metric):
            return None
        mine, original = (self._verdicts(self.metric, each) for each in (outputs, self.wanted))
        return self.metric.agreement(mine, original)

    def _is_seen(self, metric: Metric) -> bool:
        """Tell whether the metric's output is made of reals, which are what is compared here."""
        return metric.output in self.wanted

    def _verdicts(self, metric: Metric, outputs: Mapping[ValueName, Array]) -> Array:
        return metric.verdicts(seen_of(self.graph, {**self.inputs, **outputs}))


def sqnr_db(wanted: Array, actual: Array) -> float:
    """Return the energy of the wanted over that of the error, in dB; infinite without an error."""
    noise = float(np.square(wanted.astype(np.float64) - actual).sum())
    signal = float(np.square(wanted.astype(np.float64)).sum())
    if noise == 0:
        return float("inf")
    return float(10 * (np.log10(max(signal, sys.float_info.min)) - np.log10(noise)))


def _outputs(graph: Graph, inputs: Values) -> dict[ValueName, Array]:
    values = BatchEvaluator(graph).run(inputs)
    return {name: values[name] for name in graph.outputs if is_float(graph.types[name])}
