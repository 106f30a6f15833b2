"""The whole search: never worse than min-max on what it has not seen, and the same every time."""

import numpy as np
import pytest
from oracle import Oracle
from small_nets import class_labels, dense_net, samples_of, uneven_net

from edgec.driver.progress import Quiet
from edgec.exporters.tflite import write_tflite
from edgec.ir import DType, Graph, GraphBuilder, TensorType, verify
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.ops.reductions.arg_max import ArgMax
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.evaluation import evaluate_quantization
from edgec.quantization.quality.sqnr import integer_values, judged_values, output_sqnr_db
from edgec.quantization.ranges.room import DOUBLED
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples


def sqnr(graph: Graph, integer: Graph, samples: Samples) -> float:
    floats = BatchEvaluator(graph).run(samples.arrays)
    return output_sqnr_db(integer, samples.arrays, {v: floats[v] for v in graph.outputs})


@pytest.mark.parametrize("graph", [uneven_net(), dense_net()], ids=["uneven", "dense"])
def test_it_beats_min_max_on_fresh_samples(graph: Graph) -> None:
    samples, fresh = samples_of(graph, 64), samples_of(graph, 256, seed=11)
    plain = quantize_best(graph, samples, Recipe.plain(), Quiet())
    best = quantize_best(graph, samples, Recipe(), Quiet())
    verify(best.graph)
    assert best.sqnr_db is not None
    assert best.plain_sqnr_db is not None
    assert best.sqnr_db >= best.plain_sqnr_db
    assert sqnr(graph, best.graph, fresh) > sqnr(graph, plain.graph, fresh)


def test_equal_samples_give_equal_bytes() -> None:
    graph = uneven_net()
    made = [quantize_best(graph, samples_of(graph, 32), Recipe(), Quiet()) for _ in range(2)]
    assert write_tflite(made[0].graph) == write_tflite(made[1].graph)


def test_a_model_that_ends_in_an_arg_max_is_judged_before_it() -> None:
    g = GraphBuilder("class")
    x = g.input("x", TensorType((1, 6)))
    w = g.constant("w", np.random.default_rng(5).standard_normal((4, 6)).astype(np.float32))
    scores = g.add1(FullyConnected(), x, w, name="scores")
    index = g.add1(Reshape(shape=(1,)), g.add1(ArgMax(axis=1), scores, name="index"))
    graph = g.build([index])
    samples = samples_of(graph, 40)
    made = quantize_best(graph, samples, Recipe(), Quiet())
    assert judged_values(graph) == (scores,)
    assert made.sqnr_db is not None
    assert 25 < made.sqnr_db < 60
    labels = BatchEvaluator(graph).run(samples.arrays)[index].reshape(-1)
    labelled = Samples(samples.arrays, class_labels(labels))
    found = evaluate_quantization(graph, made.twin, made.graph, labelled)
    assert found.accuracy is not None
    assert found.accuracy.original == 1.0
    assert found.top1_agreement is not None
    assert found.accuracy.quantized == found.top1_agreement > 0.9


def test_few_samples_are_only_calibrated_with() -> None:
    graph = dense_net()
    made = quantize_best(graph, samples_of(graph, 3), Recipe(), Quiet())
    assert made.recipe == Recipe.plain()
    assert made.sqnr_db is None


@pytest.mark.parametrize("count", [8, 12, 16, 24])
@pytest.mark.parametrize("graph", [uneven_net(), dense_net()], ids=["uneven", "dense"])
def test_few_samples_do_no_worse_than_no_search_and_not_much_worse_than_many(
    graph: Graph, count: int
) -> None:
    fresh = samples_of(graph, 256, seed=11)
    many = quantize_best(graph, samples_of(graph, 128), Recipe.plain(), Quiet())
    samples = samples_of(graph, count, seed=1)
    plain = quantize_best(graph, samples, Recipe.plain(), Quiet())
    best = quantize_best(graph, samples, Recipe(), Quiet())
    reached = sqnr(graph, plain.graph, fresh)
    assert sqnr(graph, best.graph, fresh) > reached - 0.5
    assert reached > sqnr(graph, many.graph, fresh) - 8


def test_samples_of_one_class_get_twice_the_range_and_no_search() -> None:
    graph = dense_net()
    samples = samples_of(graph, 400)
    classes = BatchEvaluator(graph).run(samples.arrays)[graph.outputs[0]].reshape(400, -1).argmax(1)
    (x,) = samples.arrays
    alike = Samples({x: samples.arrays[x][classes == 1][:60]})
    made = quantize_best(graph, alike, Recipe(), Quiet())
    narrow = quantize_best(graph, alike, Recipe.plain("minmax"), Quiet())
    assert made.recipe == Recipe.plain(DOUBLED)
    fresh = samples_of(graph, 256, seed=11)
    assert sqnr(graph, made.graph, fresh) > sqnr(graph, narrow.graph, fresh) + 3


@pytest.mark.parametrize("method", ["moving-average", "percentile", "entropy", "mse"])
def test_a_named_method_gives_all_ranges(method: str) -> None:
    graph = dense_net()
    samples = samples_of(graph, 32)
    made = quantize_best(graph, samples, Recipe.plain(method), Quiet())
    widest = quantize_best(graph, samples, Recipe.plain(), Quiet())
    assert str(made.recipe) == f"int8, {method} ranges, corrected biases"
    hidden = [node.outputs[0] for node in graph.nodes]
    scales = [[g.graph.types[v].quantization.scale for v in hidden] for g in (made, widest)]
    assert (np.array(scales[0]) <= np.array(scales[1]) * (1 + 1e-6)).all()


def test_int16_activations_are_far_finer() -> None:
    graph = dense_net()
    samples = samples_of(graph, 32)
    made = quantize_best(graph, samples, Recipe.plain(activations=DType.INT16), Quiet())
    narrow = quantize_best(graph, samples, Recipe.plain(), Quiet())
    value = graph.outputs[0]
    wide_scale, scale = (g.graph.types[value].quantization.scale for g in (made, narrow))
    assert wide_scale < scale / 30  # 256, but for its range of four times the extremes


def test_progress_is_told_stage_by_stage() -> None:
    heard: list[str] = []

    class Log(Quiet):
        def stage(self, title: str) -> None:
            heard.append(title)

    graph = dense_net()
    quantize_best(graph, samples_of(graph, 32), Recipe(), Log())
    assert heard == [
        "calibrating",
        "equalizing channels",
        "choosing ranges",
        "checking on held-out samples",
        "rounding weights",
    ]


@pytest.mark.oracle
@pytest.mark.parametrize("graph", [uneven_net(), dense_net()], ids=["uneven", "dense"])
@pytest.mark.parametrize("activations", [DType.INT8, DType.INT16])
def test_the_interpreter_gives_the_same_bytes(graph: Graph, activations: DType) -> None:
    samples = samples_of(graph, 16)
    made = quantize_best(graph, samples, Recipe(activations=activations), Quiet()).graph
    values = integer_values(made, samples.arrays)
    judge = Oracle(write_tflite(made), exact=True)
    for index in range(16):
        got = judge.run({name: values[name][index] for name in made.inputs})
        for name in made.outputs:
            np.testing.assert_array_equal(got[name], values[name][index])


@pytest.mark.parametrize("method", ["minmax", "percentile", "mse"])
def test_a_method_that_is_asked_for_is_kept_whatever_else_is_tried(method: str) -> None:
    graph = dense_net()
    made = quantize_best(graph, samples_of(graph, 64), Recipe(method), Quiet())
    assert made.recipe.ranges == method


def seldom_net(below: float) -> Graph:
    """Return dense layers; a quarter of the units fires in few samples, and matters most."""
    rng = np.random.default_rng(6)
    g = GraphBuilder("seldom")
    x = g.input("x", TensorType((1, 10)))
    w = g.constant("w", rng.standard_normal((24, 10)).astype(np.float32))
    bias = g.constant("bias", np.where(np.arange(24) % 4, 0, -below).astype(np.float32))
    hidden = g.add1(FullyConnected(activation=Activation.RELU), x, w, bias, name="a")
    w2 = rng.standard_normal((4, 24)).astype(np.float32)
    w2[:, ::4] *= 4
    return g.build([g.add1(FullyConnected(), hidden, g.constant("w2", w2), name="b")])


@pytest.mark.parametrize("below", [5, 7, 9])
def test_units_that_seldom_fire_are_not_blown_up(below: float) -> None:
    graph = seldom_net(below)
    rng = np.random.default_rng(6)
    (x,) = graph.inputs
    drawn, fresh = (
        Samples({x: rng.standard_normal((count, 1, 10)).astype(np.float32)})
        for count in (128, 2000)
    )
    plain = quantize_best(graph, drawn, Recipe.plain(), Quiet())
    best = quantize_best(graph, drawn, Recipe(), Quiet())
    assert sqnr(graph, best.graph, fresh) > sqnr(graph, plain.graph, fresh)
