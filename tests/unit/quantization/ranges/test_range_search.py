"""The search for ranges: what it asks again and again is computed once, with the same results."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from edgec.ir import Graph, GraphBuilder, TensorType
from edgec.ops.activations.tanh import Tanh
from edgec.ops.conversion.alike import Alike
from edgec.ops.elementwise.add import Add
from edgec.quantization.ranges import range_search
from edgec.quantization.ranges.observers import Range, Summary
from edgec.quantization.ranges.range_search import Fold, RangeSearch, Rule, folds_of, ranges_by
from edgec.quantization.samples.batch_evaluator import Values


@dataclass
class CountedRules:
    """Counts how often each rule looks at each summary, which it keeps alive."""

    times: Counter[tuple[int, Rule]] = field(default_factory=Counter)
    kept: list[Summary] = field(default_factory=list)

    def range(self, rule: Rule, seen: Summary) -> Range:
        self.times[id(seen), rule] += 1
        self.kept.append(seen)
        return _by_rule(rule, seen)


_by_rule = Rule.range


def steps(count: int) -> Graph:
    """Return h = h + tanh(h), so many times, each h like the one before."""
    g = GraphBuilder("steps")
    h = g.input("x", TensorType((1, 4)))
    for _ in range(count):
        h = g.add1(Alike(), g.add1(Add(), h, g.add1(Tanh(), h)), h)
    return g.build([h])


def inputs(graph: Graph) -> Values:
    (x,) = graph.inputs
    return {x: np.random.default_rng(0).standard_normal((16, 1, 4)).astype(np.float32)}


def folds(graph: Graph) -> list[Fold]:
    return folds_of(graph, inputs(graph))


def test_no_rule_looks_at_a_summary_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, counted = steps(5), CountedRules()
    search = RangeSearch(graph, folds(graph), evaluations=60)

    def look(rule: Rule, seen: Summary) -> Range:
        return counted.range(rule, seen)

    monkeypatch.setattr(Rule, "range", look)
    search.run()
    assert counted.times
    assert set(counted.times.values()) == {1}


@pytest.mark.parametrize("count", [3, 30])
def test_what_is_looked_at_does_not_grow_with_the_steps(count: int) -> None:
    for fold in folds(steps(count)):
        seen = {id(each) for each in fold.others.values()}
        assert len(seen) == 1 + count  # h, and tanh(h), which has no mark, in every step


@pytest.mark.parametrize("rule", range_search._UNIFORM, ids=str)
def test_remembered_ranges_are_those_of_the_rule(rule: Rule) -> None:
    graph = steps(3)
    for fold in folds(graph):
        rules = dict.fromkeys(fold.others, rule)
        wanted = ranges_by(rules, fold.others)
        assert fold.ranges(rules) == wanted
        assert fold.ranges(rules) == wanted  # the second time from memory
