"""How much each activation suffers from having 8 bits: noise at the outputs by it alone.

The float graph is evaluated with a single group of values, those that share one quantization,
rounded to int8. Noise of different groups adds up, all but exactly, so that what is left of it with
some groups in int16 is known without evaluating every combination.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from edgec.ir import DType, Graph, TensorType, ValueName
from edgec.ops.operator import is_float
from edgec.quantization.quality.parts import PartMeter
from edgec.quantization.quality.simulate import Simulation
from edgec.quantization.quality.sqnr import Noise, judged_values, real_outputs
from edgec.quantization.ranges.shared_ranges import Ties
from edgec.quantization.samples.batch_evaluator import Values
from edgec.quantization.samples.blocks import blocks
from edgec.quantization.widths.dtype_plan import DTypePlan


@dataclass(frozen=True, slots=True)
class Group:
    """Values that share one quantization; ``root`` stands for them.

    ``layers`` are the nodes that make them; none makes an input of the model. ``readers`` are the
    groups computed from this one. ``noise`` at the outputs is relative to their signal.
    """

    root: ValueName
    members: tuple[ValueName, ...]
    layers: tuple[str, ...]
    readers: frozenset[ValueName]
    can_widen: bool
    noise: float = 0.0

    @property
    def sqnr_db(self) -> float:
        """SQNR of the outputs if nothing but this were int8."""
        return -10 * float(np.log10(self.noise + 1e-30))


def groups_of(graph: Graph) -> list[Group]:
    """Return the groups of a float graph in the order they are computed, noise still unknown."""
    ties = Ties(graph)
    widths = DTypePlan(graph, ties, DType.INT16)
    members: dict[ValueName, list[ValueName]] = {}
    layers: dict[ValueName, list[str]] = {}
    readers: dict[ValueName, set[ValueName]] = {}
    for value in graph.inputs:
        members.setdefault(ties.root(value), []).append(value)
    for node in graph.nodes:
        made = [value for value in node.outputs if is_float(graph.types[value])]
        for value in made:
            members.setdefault(ties.root(value), []).append(value)
        for root in dict.fromkeys(map(ties.root, made)):
            layers.setdefault(root, []).append(node.name)
            for value in node.inputs:
                readers.setdefault(ties.root(value), set()).add(root)
    return [
        Group(
            root,
            tuple(values),
            tuple(layers.get(root, ())),
            frozenset(readers.get(root, set()) - {root}),
            widths.of(root) is DType.INT16 and not ties.is_power_of_two(root),
        )
        for root, values in members.items()
        if is_float(graph.types[values[0]])
    ]


def noise_of_groups(
    graph: Graph,
    groups: Collection[Group],
    kinds: Mapping[ValueName, TensorType],
    inputs: Values,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[ValueName, float]:
    """Return the noise of every group by root, on samples; ``kinds`` are the int8 types."""
    outputs = dict.fromkeys((*judged_values(graph), *real_outputs(graph)))
    itself = PartMeter.of(graph, inner=False)
    noises = {group.root: Noise() for group in groups}
    meters = {group.root: PartMeter.of(graph, inner=False) for group in groups}
    parts = list(blocks(graph, inputs, copies=2))
    for number, part in enumerate(parts):
        floats = Simulation.rounding(graph, {}).run(part)
        wanted = {value: floats[value] for value in outputs}
        itself.add(wanted, wanted)
        for done, group in enumerate(groups, start=number * len(groups) + 1):
            rounded = {value: kinds[value] for value in group.members if value in kinds}
            got = Simulation.rounding(graph, rounded).rerun(floats, part, group.members)
            noises[group.root].add(wanted, got)
            meters[group.root].add(wanted, got)
            if on_progress is not None:
                on_progress(done, len(parts) * len(groups))
    if sum(each.judged for each in itself.parts(kinds)) > 1:
        return {root: _of_worst_part(meter, kinds) for root, meter in meters.items()}
    return {root: noise.ratio for root, noise in noises.items()}


def _of_worst_part(meter: PartMeter, kinds: Mapping[ValueName, TensorType]) -> float:
    """Return the noise of the outputs' worst part. The most that groups can add up to is a sum."""
    return max(each.noise for each in meter.parts(kinds) if each.judged)
