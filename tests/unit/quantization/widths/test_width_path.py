"""The order in which layers become int16: gains, costs, and what is taken back."""

from itertools import pairwise

import numpy as np
import pytest
from equivalence import floats, graph_of
from small_nets import dense_net, uneven_net

from edgec.ir import DType, Graph, GraphBuilder, ValueName
from edgec.ops.activations.hard_swish import HardSwish
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Window
from edgec.quantization.widths.sensitivity import Group, groups_of
from edgec.quantization.widths.width_cost import WidthCost
from edgec.quantization.widths.width_path import WidthPath


class Int8Swish(HardSwish):
    """A function that is known for int8 only."""

    integer_types = frozenset({DType.INT8})


def path_of(graph: Graph, **noise: float) -> WidthPath:
    """Return the path of a graph whose groups have the named noises, the others 1e-6."""
    groups = [
        Group(g.root, g.members, g.layers, g.readers, g.can_widen, noise.get(str(g.root), 1e-6))
        for g in groups_of(graph)
    ]
    return WidthPath(groups, WidthCost(graph))


def chain(g: GraphBuilder) -> list[ValueName]:
    """Return four 1x1 convolutions in a row, the third followed by a function for int8 only."""
    x = g.input("x", floats(1, 4, 4, 2))
    weights = np.ones((2, 1, 1, 2), np.float32)
    for name in ("a", "b", "c"):
        x = g.add1(Conv2D(window=Window((1, 1))), x, g.constant(f"{name}.w", weights), name=name)
    x = g.add1(Int8Swish(), x, name="s")
    return [g.add1(Conv2D(window=Window((1, 1))), x, g.constant("d.w", weights), name="d")]


def test_the_noisiest_value_comes_first_with_the_layer_that_reads_it() -> None:
    plans = path_of(graph_of(chain), a=1e-2).plans()
    assert plans[0].wide == frozenset()
    assert plans[1].wide == {"a", "b"}
    assert plans[0].noise - plans[1].noise == pytest.approx(1e-2)


def test_an_output_needs_only_the_layer_that_makes_it() -> None:
    assert path_of(graph_of(chain), d=1e-2).plans()[1].wide == {"d"}


def test_a_value_that_only_int8_layers_read_gains_nothing() -> None:
    last = path_of(graph_of(chain), c=1e-2).plans()[-1]
    assert "s" not in last.wide
    assert last.noise >= 1e-2


@pytest.mark.parametrize("graph", [uneven_net(), dense_net()], ids=["uneven", "dense"])
def test_plans_grow_to_everything_and_noise_falls(graph: Graph) -> None:
    plans = path_of(graph).plans()
    assert plans[-1].wide == {group.root for group in groups_of(graph)}
    assert plans[-1].noise == 0
    for before, after in pairwise(plans):
        assert before.wide < after.wide
        assert before.noise > after.noise


def test_trimming_takes_back_what_is_not_needed() -> None:
    path = path_of(graph_of(chain), a=1e-2, d=1e-3)
    plan = next(each for each in path.plans() if {"a", "d"} <= each.wide)
    fewer = path.trimmed(plan, allowed=5e-3)
    assert fewer[0].wide == {"a", "b"}
    assert [each.noise <= 5e-3 for each in fewer] == [True] * len(fewer)
    assert path.trimmed(plan, allowed=0.0) == []


def test_int16_everywhere_takes_twice_the_memory() -> None:
    graph = dense_net()
    cost = WidthCost(graph)
    narrow, wide = cost.of(()), cost.of({group.root for group in groups_of(graph)})
    assert wide.peak_bytes == 2 * narrow.peak_bytes
    assert wide.instructions > narrow.instructions
    assert narrow.over(narrow) == 0


def test_conversions_are_counted_once_for_all_readers() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 8))
        y = g.add1(Add(), x, x, name="y")
        return [g.add1(Add(), x, y, name="z")]

    cost = WidthCost(graph_of(build))
    base = cost.of(()).instructions
    assert cost.of({ValueName("x")}).instructions - base == 8 * 24
    assert cost.of({ValueName("y"), ValueName("z")}).instructions - base == 8 * 6
