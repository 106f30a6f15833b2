"""Running passes: verified, observed, to a fixpoint; and the rewriting under them."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from equivalence import floats, graph_of

from edgec.ir import Graph, InvalidGraphError, Node
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.tanh import Tanh
from edgec.passes.cleanup.dead_code import DeadCode
from edgec.passes.pipeline import Fixpoint, Pass, Pipeline
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


def chain() -> Graph:
    return graph_of(lambda g: [g.add1(Tanh(), g.add1(Tanh(), g.input("x", floats(2))), name="y")])


@dataclass(frozen=True)
class Breaks:
    """Gives both nodes one name."""

    name: ClassVar[str] = "breaks"

    def run(self, graph: Graph) -> Graph:
        return replace(graph, nodes=tuple(replace(node, name="same") for node in graph.nodes))


@dataclass(frozen=True)
class OneStep:
    """Turns one tanh into a relu."""

    name: ClassVar[str] = "one_step"

    def run(self, graph: Graph) -> Graph:
        for index, node in enumerate(graph.nodes):
            if isinstance(node.op, Tanh):
                nodes = list(graph.nodes)
                nodes[index] = replace(node, op=Relu())
                return graph.with_nodes(nodes)
        return graph


@dataclass(frozen=True)
class Restless:
    """Always returns a new object."""

    name: ClassVar[str] = "restless"

    def run(self, graph: Graph) -> Graph:
        return replace(graph)


def test_observers_see_every_pass_with_before_and_after() -> None:
    seen: list[tuple[str, bool]] = []

    def observe(each: Pass, before: Graph, after: Graph) -> None:
        seen.append((each.name, before is not after))

    Pipeline([DeadCode(), OneStep()], [observe]).run(chain())
    assert seen == [("dead_code", False), ("one_step", True)]


def test_a_pass_that_breaks_the_graph_is_named() -> None:
    with pytest.raises(InvalidGraphError) as caught:
        Pipeline([Breaks()]).run(chain())
    assert caught.value.__notes__ == ["while running pass 'breaks' on graph 'g'"]


def test_a_fixpoint_runs_until_nothing_changes() -> None:
    after = Fixpoint([OneStep()]).run(chain())
    assert [node.op for node in after.nodes] == [Relu(), Relu()]
    assert Fixpoint([OneStep()]).run(after) is after


def test_a_fixpoint_that_does_not_come_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="restless"):
        Fixpoint([Restless()], limit=3).run(chain())


def test_drafts_use_names_that_are_free() -> None:
    def double(node: Node, around: Neighborhood) -> Replacement | None:
        if not isinstance(node.op, Tanh):
            return None
        draft = Draft(around, [node])
        first = draft.add(Relu(), node.inputs, name=node.name)
        draft.add(Relu(), [first], name=node.name, output=node.outputs[0])
        return draft.replacement()

    after = rewrite(chain(), double)
    names = [node.name for node in after.nodes]
    assert len(set(names)) == len(names) == 4
    assert all(node.origins for node in after.nodes)
