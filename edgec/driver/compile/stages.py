"""The stages of a model on its way through a build, a type each: nobody can skip or repeat one.

    Source -> FloatModel | PrequantizedModel -> IntegerModel -> TargetModel -> (Program)

Each knows the one it was made of, and what there is to say of it.
"""

from dataclasses import dataclass

from edgec.driver.compile.quantization import QuantizationReport
from edgec.frontends import LoadedModel
from edgec.ir import Graph
from edgec.pruning import PruningReport
from edgec.quantization.ranges.standardize_inputs import InputStandardization
from edgec.quantization.samples.samples import Samples


@dataclass(frozen=True, slots=True)
class Source:
    """A model file, read; ``graph`` has the states that the options leave it."""

    file: LoadedModel
    graph: Graph
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloatModel:
    """A float graph, optimized, and pruned where that was asked for; samples to quantize it by."""

    source: Source
    graph: Graph
    samples: Samples
    pruning: PruningReport | None = None


@dataclass(frozen=True, slots=True)
class PrequantizedModel:
    """A model whose file says how it is quantized.

    ``integers`` are what the file says, before integer passes. ``meaning`` is the float graph that
    they stand for, where the file has one (QDQ); files of integers alone have none.
    """

    source: Source
    integers: Graph
    meaning: Graph | None = None
    warnings: tuple[str, ...] = ()


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
