"""How good an integer graph is beside its float graph: outputs, accuracy, every layer, and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgec.ir import Array, DType, Graph, Node, TensorType, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.elementwise.extremum import Extremum
from edgec.quantization.quality.hints import INHERITED, Causes, Observed
from edgec.quantization.quality.metrics.answer import seen_of
from edgec.quantization.quality.metrics.choice import metrics_for
from edgec.quantization.quality.metrics.metric import Accuracy, Metric, Seen, figures_alone
from edgec.quantization.quality.parts import Part, PartMeter
from edgec.quantization.quality.sqnr import Noise, integer_inputs, real_outputs
from edgec.quantization.ranges.calibrate import OnProgress
from edgec.quantization.samples.batch_evaluator import Values
from edgec.quantization.samples.blocks import blocks
from edgec.quantization.samples.samples import Samples
from edgec.quantization.samples.sequence import SequenceEvaluator

_CHUNK = 32  # samples compared at a time, or fewer where their activations are large
_COPIES = 2  # of all activations: what they should be, and what they are


@dataclass(frozen=True, slots=True)
class LayerQuality:
    """One node of the integer graph: SQNR of its output, and the likely cause where it is low.

    ``dtype`` is the output's type: int8 or int16.
    """

    name: str
    dtype: DType
    sqnr_db: float
    hint: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two models answer alike, 0 to 1: what is compared, and why that."""

    share: float
    title: str
    output: str
    why: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of ``edgec eval``; those that need a float model or labels are None without.

    ``output_sqnr_db`` is of the model's real outputs; ``parts`` have what lies before a final
    function, too. ``accuracies`` has one for each array of labels, ``accuracy`` is the share among
    them that loses most, else the first.
    """

    samples: int
    accuracy: Accuracy | None
    top1_agreement: float | None
    output_sqnr_db: float | None
    layers: tuple[LayerQuality, ...]
    parts: tuple[Part, ...] = ()
    accuracies: tuple[Accuracy, ...] = ()
    agreement: Agreement | None = None

    @property
    def before_final(self) -> tuple[Part, ...]:
        """The values that final functions (softmax, logistic, arg max) read, each as a whole."""
        whole = (each for each in self.parts if each.operand is None and each.channels is None)
        return tuple(each for each in whole if each.before is not None)

    @property
    def worst_part(self) -> Part | None:
        """The worst of the parts that reach the model's outputs; an output alone is one."""
        judged = [each for each in self.parts if each.judged]
        return min(judged, key=lambda each: each.sqnr_db, default=None)

    @property
    def worst_sqnr_db(self) -> float | None:
        """The SQNR of the outputs, or that of their worst part where it is lower."""
        levels = [self.output_sqnr_db, self.worst_part.sqnr_db if self.worst_part else None]
        return min((each for each in levels if each is not None), default=None)

    def worst(self, count: int) -> list[LayerQuality]:
        """Return the layers with the lowest SQNR, the worst first.

        Those that lose something themselves are among them before those that inherit.
        """
        blamed = sorted(self.layers, key=_innocence)[:count]
        return sorted(blamed, key=lambda each: each.sqnr_db)


def _innocence(layer: LayerQuality) -> tuple[int, float]:
    own = bool(layer.hint) and not layer.hint.startswith(INHERITED)
    return (0 if own else 1, layer.sqnr_db)


def evaluate_quantization(
    reference: Graph,
    twin: Graph,
    integer: Graph,
    samples: Samples,
    on_progress: OnProgress | None = None,
) -> Evaluation:
    """Compare an integer graph with the float model ``reference`` on samples of float inputs.

    ``twin`` is the float graph whose activations the integers stand for: the reference itself, or
    what equalization made of it. Samples of a model with states are one sequence, from zero.
    """
    run = _Comparison(reference, twin, integer, metrics_for(reference, samples))
    done = 0
    for part in blocks(reference, samples.arrays, most=_CHUNK, copies=_COPIES):
        run.add(part)
        done += min(map(len, part.values()))
        if on_progress is not None:
            on_progress(done, len(samples))
    return run.result()


def evaluate_integers(integer: Graph, samples: Samples) -> Evaluation:
    """Measure an integer graph that has no float model: accuracy where there are labels."""
    metrics = metrics_for(integer, samples) if samples.labels else ()
    found: tuple[Accuracy, ...] = ()
    if metrics:
        values = SequenceEvaluator(integer).run(integer_inputs(integer, samples.arrays))
        reals = {v: _reals(values[v], integer.types[v]) for v in _ends(integer)}
        found = figures_alone(metrics, seen_of(integer, reals))
    return Evaluation(len(samples), worst_of(found), None, None, (), accuracies=found)


def worst_of(accuracies: Sequence[Accuracy]) -> Accuracy | None:
    """Return the share that loses most, the first of equals; the first of all without shares."""
    shares = [each for each in accuracies if each.is_share] or accuracies[:1]
    return max(shares, key=lambda each: each.loss or 0.0, default=None)


@dataclass(eq=False)
class _Verdicts:
    """What one metric makes of both models, batch by batch; kept only where labels will judge."""

    metric: Metric
    _floats: list[Array] = field(default_factory=list)
    _integers: list[Array] = field(default_factory=list)
    _alike: list[float] = field(default_factory=list)  # share of each batch times its samples
    _count: int = 0

    def add(self, wanted: Seen, got: Seen) -> None:
        before, after = self.metric.verdicts(wanted), self.metric.verdicts(got)
        share = self.metric.agreement(before, after)
        if share is not None:
            self._alike.append(share * len(before))
            self._count += len(before)
        if self.metric.labels is not None:
            self._floats.append(before)
            self._integers.append(after)

    def accuracy(self) -> Accuracy | None:
        """Return what the labels say; None where they cannot tell."""
        scores = (self.metric.measure(np.concatenate(x)) for x in (self._floats, self._integers))
        return Accuracy.of(self.metric, *scores)

    @property
    def alike(self) -> float | None:
        """The share of verdicts that are alike; None where they are no classes."""
        return sum(self._alike) / self._count if self._count else None


@dataclass(eq=False)
class _Comparison:
    reference: Graph
    twin: Graph
    integer: Graph
    metrics: tuple[Metric, ...]
    _parts: PartMeter = field(init=False)
    _outputs: Noise = field(default_factory=Noise)
    _layers: Noise = field(default_factory=Noise)
    _count: int = 0
    _observed: dict[ValueName, Observed] = field(default_factory=dict)
    _verdicts: list["_Verdicts"] = field(init=False)
    _runs: dict[int, SequenceEvaluator] = field(default_factory=dict)  # by identity of the graph

    def __post_init__(self) -> None:
        self._parts = PartMeter.of(self.reference)
        self._verdicts = [_Verdicts(each) for each in self.metrics]

    def add(self, inputs: Mapping[ValueName, Array]) -> None:
        """Take in more samples."""
        wanted = self._run(self.reference, inputs)
        ideal = wanted if self.twin is self.reference else self._run(self.twin, inputs)
        ideal = _ideals(self.integer, ideal)
        got = self._real(self._run(self.integer, integer_inputs(self.integer, inputs)))
        outputs = {v: wanted[v] for v in real_outputs(self.reference) if v in got}
        self._outputs.add(outputs, got)
        judged = {v: wanted[v] for v in self._parts.values}
        self._parts.add({**ideal, **judged}, got)
        for value in self._compared(ideal, got):
            self._layers.add({value: ideal[value]}, got)
            kind = self.integer.types[value]
            seen = Observed.of(ideal[value], kind)
            before = self._observed.get(value)
            self._observed[value] = seen if before is None else before + seen
        self._count += len(wanted[self.reference.outputs[0]])
        given = {v: inputs[v] for v in _ends(self.reference)[:1] if v in inputs}
        pair = [seen_of(self.reference, {**each, **given}) for each in (wanted, got)]
        for each in self._verdicts:
            each.add(*pair)

    def _run(self, graph: Graph, inputs: Mapping[ValueName, Array]) -> Values:
        return self._runs.setdefault(id(graph), SequenceEvaluator(graph)).run(inputs)

    def result(self) -> Evaluation:
        """Return the figures of all samples."""
        judged = (each.accuracy() for each in self._verdicts if each.metric.labels is not None)
        accuracies = tuple(each for each in judged if each is not None)
        agreement = self._agreement()
        layers = tuple(self._qualities())
        parts = self._parts.parts(self.integer.types)
        reached = self._outputs.db if self._outputs.signal else None
        share = agreement.share if agreement else None
        worst = worst_of(accuracies)
        return Evaluation(self._count, worst, share, reached, layers, parts, accuracies, agreement)

    def _agreement(self) -> Agreement | None:
        """Return how alike the answers are that have classes, the first of them."""
        for each in self._verdicts:
            share, metric = each.alike, each.metric
            if share is not None:
                return Agreement(share, metric.answer, metric.output, metric.why)
        return None

    def _qualities(self) -> Iterator[LayerQuality]:
        levels = self._layers.each_db()
        hints = Causes(self.integer, levels, self._observed).hints()
        for node in self.integer.nodes:
            value = node.outputs[0]
            if value in levels:
                dtype = self.integer.types[value].dtype
                yield LayerQuality(node.name, dtype, levels[value], hints[value])

    def _real(self, integers: Values) -> Values:
        kinds = self.integer.types
        return {v: _reals(x, kinds[v]) for v, x in integers.items()}

    def _compared(self, ideal: Values, got: Values) -> list[ValueName]:
        kinds = self.integer.types
        return [
            v
            for v, x in got.items()
            if kinds[v].qparams and v in ideal and ideal[v].shape == x.shape
        ]


def _ends(graph: Graph) -> tuple[ValueName, ...]:
    """Return the first input and the outputs that users see."""
    return (*graph.without_states(graph.inputs)[:1], *graph.without_states(graph.outputs))


def _ideals(integer: Graph, floats: Values) -> Values:
    """Return what the values of an integer graph should be, those that are requantized, too.

    What is only there to be compared may be cut off where the result is.
    """
    found, readers = dict(floats), integer.consumers()
    for node in integer.nodes:
        (source, *_), (result, *_) = node.inputs, node.outputs
        if isinstance(node.op, Quantize) and source in found:
            found.setdefault(result, found[source])
    for value in {*found}.intersection(integer.types).difference(integer.outputs):
        kind = integer.types[value]
        if kind.qparams and _is_compared(readers.get(value, ())):
            limits = np.iinfo(kind.dtype.numpy)
            low, high = (
                np.float32(kind.qparams.scale * (each - kind.qparams.zero_point))
                for each in (limits.min, limits.max)
            )
            found[value] = np.clip(found[value], low, high)
    return found


def _is_compared(readers: Sequence[Node]) -> bool:
    return bool(readers) and all(isinstance(each.op, Extremum) for each in readers)


def _reals(x: Array, kind: TensorType) -> Array:
    """Return real values of integers; what is float, or was given so, stays as it is."""
    return dequantized(x, kind) if kind.qparams and x.dtype == kind.dtype.numpy else x
