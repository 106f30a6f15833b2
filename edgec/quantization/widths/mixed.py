"""int16 activations where they matter: the same model again, with some groups of values wider."""

from dataclasses import dataclass, replace

from edgec.ir import DType, Graph, Node
from edgec.ops.conversion.own_range import OwnRange
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.layers.weighted_layer import WeightedLayer
from edgec.ops.operator import Operator
from edgec.quantization.best import Quantized
from edgec.quantization.candidates import Maker
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import summarize
from edgec.quantization.ranges.range_search import ranges_by
from edgec.quantization.recipe import Stages
from edgec.quantization.samples.samples import Samples
from edgec.quantization.widths.sensitivity import Group, groups_of, noise_of_groups
from edgec.quantization.widths.width_cost import WidthCost
from edgec.quantization.widths.width_path import Plan, WidthPath

# Chosen by hand; no measurement is on record: every group of values costs an evaluation on them.
_JUDGED = 4  # one in so many of the samples that searches use shows the noise of the groups


@dataclass(frozen=True, slots=True)
class Mixer:
    """Widens an int8 model, ``narrow``: its float graph, ranges and recipe are kept.

    ``finer`` makes fully connected layers in int16 convolutions, with a weight scale per output.
    """

    narrow: Quantized
    maker: Maker
    groups: tuple[Group, ...]
    path: WidthPath
    finer: bool = False

    @classmethod
    def of(cls, narrow: Quantized, graph: Graph, samples: Samples, stages: Stages) -> "Mixer":
        """Measure how much each group suffers from int8; ``graph`` is the float model."""
        stages.stage("measuring what 8 bits cost each layer")
        maker = Maker(graph, samples, stages)
        twin = narrow.twin
        ranges = ranges_by(narrow.prepared.rules, summarize(twin, samples))
        kinds, found = quantize(twin, ranges).types, groups_of(twin)
        inputs = {name: array[::_JUDGED] for name, array in maker.inputs.items()}
        noise = noise_of_groups(twin, found, kinds, inputs, stages.advance)
        groups = tuple(replace(group, noise=noise[group.root]) for group in found)
        return cls(narrow, maker, groups, WidthPath(groups, WidthCost(twin)))

    def made(self, plan: Plan) -> Quantized:
        """Return the model with the groups of a plan in int16; not judged on held-out samples."""
        narrow = self.narrow
        prepared = narrow.prepared
        roots = frozenset(group.root for group in self.groups)
        recipe = replace(
            narrow.recipe, activations=DType.INT16, int8_values=roots.difference(plan.wide)
        )
        dense = self._wide_layers(plan) & self._dense
        if self.finer and dense:
            prepared = prepared.with_convs(dense)
            recipe = replace(recipe, dense_as_conv=True)
        return replace(
            narrow,
            graph=self.maker.made(prepared, recipe),
            prepared=prepared,
            recipe=recipe,
            trial=None,
            held_out=0,
            sqnr_db=None,
        )

    def tried(self, made: Quantized) -> Quantized:
        """Return a model with its trial on held-out samples, where its int8 model has one."""
        if self.narrow.trial is None:
            return made
        trial = self.maker.trial(made.prepared, made.recipe)
        reached = self.maker.judged(trial)
        return replace(made, trial=trial, held_out=self.narrow.held_out, sqnr_db=reached)

    def layers(self, plan: Plan) -> int:
        """Return how many layers compute in int16, as :func:`is_layer` counts."""
        wide = self._wide_layers(plan)
        return sum(is_layer(node) and node.name in wide for node in self.narrow.twin.nodes)

    def refined(self) -> "Mixer | None":
        """Return the same with finer weights; None where they are as fine as can be."""
        return replace(self, finer=True) if self._dense and not self.finer else None

    @property
    def _dense(self) -> set[str]:
        return {
            node.name
            for node in self.narrow.twin.nodes
            if isinstance(node.op, WeightedLayer) and node.op.is_dense
        }

    def _wide_layers(self, plan: Plan) -> set[str]:
        groups = [group for group in self.groups if group.root in plan.wide]
        return {name for group in groups for name in group.layers}


def is_layer(node: Node) -> bool:
    """Tell whether a node computes: neither a view nor a border between two widths."""
    return isinstance(node.op, Operator) and not (
        node.op.is_view or isinstance(node.op, Quantize | OwnRange)
    )
