"""The stages of a model on its way through a build, a type each: nobody can skip or repeat one.

    Source -> FloatModel | PrequantizedModel -> IntegerModel -> TargetModel -> (Program)

Each knows the one it was made of, and what there is to say of it.
"""

from dataclasses import dataclass, replace

from edgec.driver.compile.quantization import QuantizationReport
from edgec.driver.compile.requirements import Verdict
from edgec.errors import EdgecError
from edgec.frontends import LoadedModel
from edgec.ir import Graph
from edgec.pruning import PruningReport
from edgec.quantization.ranges.standardize_inputs import InputStandardization
from edgec.quantization.samples.samples import Samples

_STATED = "quantize the float model again with more or better samples, or give it with --calib"


@dataclass(frozen=True, slots=True)
class Source:
    """A model file, read; ``graph`` has the states that the options leave it."""

    file: LoadedModel
    graph: Graph
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloatModel:
    """A float graph, optimized, and pruned where that was asked for; samples to quantize it by.

    ``unpruned`` is the graph before pruning, None where nothing was pruned.
    """

    source: Source
    graph: Graph
    samples: Samples
    pruning: PruningReport | None = None
    unpruned: Graph | None = None


@dataclass(frozen=True, slots=True)
class PrequantizedModel:
    """A model whose file says how it is quantized.

    ``integers`` are what the file says, before integer passes. ``meaning`` is the float graph that
    they stand for, where the file has one (QDQ); files of integers alone have none. ``verdict`` is
    on --max-drop, where that was given.
    """

    source: Source
    integers: Graph
    meaning: Graph | None = None
    warnings: tuple[str, ...] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Quantization:
    """How a float model became integers: the report, and what stands before the integers."""

    report: QuantizationReport
    standardization: InputStandardization


@dataclass(frozen=True, slots=True)
class IntegerModel:
    """An integer graph, optimized: the interchange graph, what a .tflite says where it can.

    ``quantization`` is there where edgec quantized it.
    """

    made_from: FloatModel | PrequantizedModel
    graph: Graph
    quantization: Quantization | None = None

    @property
    def source(self) -> Source:
        return self.made_from.source

    @property
    def meaning(self) -> Graph | None:
        """The float graph that the integers stand for; None where there is none."""
        match self.made_from:
            case FloatModel(graph=graph):
                return graph
            case PrequantizedModel(meaning=meaning):
                return meaning

    @property
    def samples(self) -> Samples | None:
        """The calibration samples, as the firmware will get them; None where none were needed."""
        if not isinstance(self.made_from, FloatModel) or self.quantization is None:
            return None
        return self.quantization.standardization.settled(self.made_from.samples)

    @property
    def verdict(self) -> Verdict | None:
        """Whether the model reaches what --max-drop asks for; None where nobody can tell."""
        if isinstance(self.made_from, PrequantizedModel):
            return self.made_from.verdict
        return self.quantization.report.verdict if self.quantization else None

    def judged(self, verdict: Verdict) -> "IntegerModel":
        """Return the same model with another verdict."""
        if isinstance(self.made_from, PrequantizedModel):
            return replace(self, made_from=replace(self.made_from, verdict=verdict))
        assert self.quantization is not None  # noqa: S101 - a float model is quantized by edgec
        report = replace(self.quantization.report, verdict=verdict)
        return replace(self, quantization=replace(self.quantization, report=report))

    def missed(self, model: str) -> EdgecError | None:
        """Return what a command ends with, after its work, where --max-drop is missed.

        ``model`` is the file that it was given.
        """
        if self.verdict is None:
            return None
        advice = self.quantization.report.advice if self.quantization else _STATED
        return self.verdict.problem(model, advice)

    @property
    def pruning(self) -> PruningReport | None:
        return self.made_from.pruning if isinstance(self.made_from, FloatModel) else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What there is to say of the file, of its quantization, of the samples and of states."""
        stated = self.made_from.warnings if isinstance(self.made_from, PrequantizedModel) else ()
        sampled = self.samples.warnings if self.samples else ()
        made = self.quantization.report.warnings if self.quantization else ()
        return (*self.graph.remarks, *stated, *sampled, *made, *self.source.warnings)


@dataclass(frozen=True, slots=True)
class TargetModel:
    """What runs: the integer graph after its target passes, which TFLite may not be able to say.

    ``interchange`` is the .tflite file of the integer graph, None where there cannot be one;
    ``remarks`` say so.
    """

    integers: IntegerModel
    graph: Graph
    interchange: bytes | None
    remarks: tuple[str, ...] = ()
