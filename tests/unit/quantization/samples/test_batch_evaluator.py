"""Many samples at once give what they give one by one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from equivalence import floats, graph_of, random_array
from onnx_models import MODELS, save
from ops.case import case_modules, cases_of
from small_nets import samples_of, uneven_net

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, GraphBuilder, Signature, ValueName, evaluate_all
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.softmax import Softmax
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.gather import Gather
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.movement.transpose import Transpose
from edgec.ops.reductions.mean import Mean
from edgec.pipelines import optimize_float
from edgec.quantization.quality.sqnr import integer_values
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.batch_evaluator import BatchEvaluator


def assert_same(graph: Graph, count: int = 3) -> None:
    samples = samples_of(graph, count)
    together = BatchEvaluator(graph).run(samples.arrays)
    for index in range(count):
        alone = evaluate_all(graph, samples.sample(index))
        for value, x in together.items():
            np.testing.assert_allclose(x[index], alone[value], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_whole_models(name: str, tmp_path: Path) -> None:
    assert_same(optimize_float(load_onnx(save(MODELS[name], tmp_path))))


def mixing_the_first_axis(g: GraphBuilder) -> list[ValueName]:
    x = g.input("x", floats(1, 3))
    twice = g.add1(Concatenation(axis=0), x, x)
    return [g.add1(Mean(axes=(0,)), twice), g.add1(Softmax(), twice)]


def without_a_batch_axis(g: GraphBuilder) -> list[ValueName]:
    x = g.add1(Reshape(shape=(2, 3)), g.input("x", floats(6)))
    return [g.add1(Relu(), g.add1(Transpose(perm=(1, 0)), x))]


def of_many_rows(g: GraphBuilder) -> list[ValueName]:
    x, weights = g.input("x", floats(5, 3)), g.constant("w", random_array(4, 3))
    part = g.add1(Slice.whole((5, 3)).along(0, 1, 2), x)
    back = g.add1(Slice.whole((2, 3)).along(1, 2, 2, -1), part)
    joined = g.add1(Concatenation(axis=0), g.add1(Transpose(perm=(1, 0)), back), back)
    return [g.add1(FullyConnected(), x, weights), g.add1(Softmax(), x), joined]


def by_index(g: GraphBuilder) -> list[ValueName]:
    x = g.input("x", floats(1, 3))
    return [g.add1(Gather(axis=0, indices=each), x) for each in ((0,), (0, 0))]


@pytest.mark.parametrize(
    "build", [mixing_the_first_axis, without_a_batch_axis, of_many_rows, by_index]
)
def test_operators_that_mix_or_lack_the_batch_axis_give_the_same(
    build: Callable[[GraphBuilder], list[ValueName]],
) -> None:
    assert_same(graph_of(build))


@pytest.mark.parametrize("module", case_modules())
def test_every_operator_gives_the_same(module: str) -> None:
    """Also those that read places: how a node is evaluated is tried with integers of any size."""
    for case in cases_of(module):
        drawn = case.inputs()[:2]
        names = [name for name in case.graph.inputs if case.graph.types[name].rank]
        if not names:
            continue
        rows = {name: np.stack([each[name] for each in drawn]) for name in case.graph.inputs}
        together = BatchEvaluator(case.graph).run(rows)
        for index, alone in enumerate(evaluate_all(case.graph, each) for each in drawn):
            for value, x in together.items():
                reached = x[index] if len(x) == len(drawn) else x[0]  # of constants alone
                np.testing.assert_allclose(reached, alone[value], rtol=1e-4, atol=1e-5)


def test_rows_and_moves_are_evaluated_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of(of_many_rows)
    BatchEvaluator(graph).run(samples_of(graph, 2).arrays)  # finds out how
    calls = []

    def counted(self: Slice, inputs: list[Array], signature: Signature) -> tuple[Array, ...]:
        calls.append(self)
        return evaluate_slice(self, inputs, signature)

    evaluate_slice = Slice.evaluate
    monkeypatch.setattr(Slice, "evaluate", counted)
    BatchEvaluator(graph).run(samples_of(graph, 50).arrays)
    assert len(calls) == 2


def test_integers_are_exact() -> None:
    graph = uneven_net()
    samples = samples_of(graph, 4)
    integer = quantize(graph, calibrate(graph, samples))
    together = integer_values(integer, samples.arrays)
    for index in range(4):
        inputs = {name: together[name][index] for name in integer.inputs}
        for value, x in evaluate_all(integer, inputs).items():
            if value not in integer.constants:
                np.testing.assert_array_equal(together[value][index], x)
