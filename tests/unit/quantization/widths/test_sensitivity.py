"""What 8 bits cost each group: groups, and that their noises add up to that of the model."""

import numpy as np
import pytest
from equivalence import floats, graph_of
from small_nets import dense_net, samples_of, uneven_net

from edgec.ir import DType, Graph, GraphBuilder, ValueName
from edgec.ops.activations.hard_swish import HardSwish
from edgec.ops.activations.logistic import Logistic
from edgec.ops.movement.reshape import Reshape
from edgec.quantization.quality.simulate import Simulation
from edgec.quantization.quality.sqnr import Noise
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.widths.sensitivity import Group, groups_of, noise_of_groups


class Int8Swish(HardSwish):
    """A function that is known for int8 only."""

    integer_types = frozenset({DType.INT8})


def by_root(graph: Graph) -> dict[str, Group]:
    return {str(group.root): group for group in groups_of(graph)}


def noises(graph: Graph) -> dict[ValueName, float]:
    samples = samples_of(graph, 32)
    kinds = quantize(graph, calibrate(graph, samples)).types
    return noise_of_groups(graph, groups_of(graph), kinds, dict(samples.arrays))


def test_groups_know_their_layers_and_who_reads_them() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Reshape(shape=(1, 4)), g.input("x", floats(1, 2, 2)), name="flat")
        swish = g.add1(Int8Swish(), x, name="swish")
        return [g.add1(Logistic(), swish, name="y")]

    groups = by_root(graph_of(build))
    assert [(g.root, g.layers, g.readers, g.can_widen) for g in groups.values()] == [
        ("x", ("flat",), {"swish"}, True),
        ("swish", ("swish",), {"y"}, False),
        ("y", ("y",), frozenset(), True),
    ]
    assert groups["x"].members == ("x", "flat")


@pytest.mark.parametrize("graph", [uneven_net(), dense_net()], ids=["uneven", "dense"])
def test_noises_add_up_to_that_of_all_activations(graph: Graph) -> None:
    samples = samples_of(graph, 32)
    kinds = quantize(graph, calibrate(graph, samples)).types
    wanted = BatchEvaluator(graph).run(samples.arrays)
    together = Noise()
    rounded = Simulation.rounding(graph, kinds).run(samples.arrays)
    together.add({value: wanted[value] for value in graph.outputs}, rounded)
    assert sum(noises(graph).values()) == pytest.approx(together.ratio, rel=0.3)


def test_a_group_alone_has_the_noise_of_its_rounding() -> None:
    graph = dense_net()
    samples = samples_of(graph, 32)
    (output,) = graph.outputs
    integer = quantize(graph, calibrate(graph, samples))
    wanted = BatchEvaluator(graph).run(samples.arrays)[output]
    step = integer.types[output].quantization.scale
    expected = step**2 / 12 / float(np.square(wanted).mean())
    assert noises(graph)[output] == pytest.approx(expected, rel=0.3)


def test_outputs_are_judged_before_a_prescribed_function_too() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Int8Swish(), g.input("x", floats(1, 8)), name="h")
        return [g.add1(Logistic(), x, name="y")]

    found = noises(graph_of(build))
    assert 0 < found[ValueName("y")] < 1e-5, "what the prescribed scale costs the output"
    assert found[ValueName("h")] > 10 * found[ValueName("y")], "what hides behind it"
