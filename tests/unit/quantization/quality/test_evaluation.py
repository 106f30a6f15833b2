"""Figures of an evaluation, and hints that name the cause."""

import numpy as np
from equivalence import floats, graph_of
from small_nets import class_labels, dense_net, samples_of, uneven_net

from edgec.driver.progress import Quiet
from edgec.ir import Array, DType, Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.concatenation import Concatenation
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.evaluation import (
    Evaluation,
    LayerQuality,
    evaluate_integers,
    evaluate_quantization,
)
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.ranges.observers import Range
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples

X = ValueName("x")


def evaluated(graph: Graph, samples: Samples) -> Evaluation:
    made = quantize_best(graph, samples, Recipe.plain(), Quiet())
    return evaluate_quantization(graph, made.twin, made.graph, samples)


def test_a_good_model_has_all_figures() -> None:
    graph = dense_net()
    found = evaluated(graph, samples_of(graph, 40))
    assert found.samples == 40
    assert found.output_sqnr_db is not None
    assert 25 < found.output_sqnr_db < 60
    assert found.top1_agreement is not None
    assert found.top1_agreement > 0.9
    assert found.accuracy is not None
    assert found.accuracy.original is not None
    assert [layer.name for layer in found.layers] == ["a", "b", "c"]
    assert abs(found.layers[-1].sqnr_db - found.output_sqnr_db) < 1e-6


def test_labels_that_are_the_float_models_answers_give_accuracy_one() -> None:
    graph = dense_net()
    drawn = samples_of(graph, 40)
    answers = BatchEvaluator(graph).run(drawn.arrays)[graph.outputs[0]].argmax(axis=-1).ravel()
    found = evaluated(graph, Samples(drawn.arrays, class_labels(answers)))
    assert found.accuracy is not None
    assert found.accuracy.original == 1.0
    assert found.accuracy.quantized == found.top1_agreement


def test_without_labels_there_is_no_accuracy() -> None:
    graph = dense_net()
    found = evaluated(graph, Samples(samples_of(graph, 40).arrays))
    assert found.accuracy is None
    assert found.top1_agreement is not None


def test_an_integer_model_alone_has_accuracy_only() -> None:
    graph = dense_net()
    samples = samples_of(graph, 20)
    found = evaluate_integers(quantize(graph, calibrate(graph, samples)), samples)
    assert found.accuracy is not None
    assert found.accuracy.original is None
    assert (found.output_sqnr_db, found.layers) == (None, ())


def layer(weights: list[list[float]]) -> Graph:
    w = np.array(weights, np.float32)

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", TensorType((1, w.shape[1])))
        return [g.add1(FullyConnected(), x, g.constant("w", w), name="a")]

    return graph_of(build)


def hint(graph: Graph, ranges: dict[ValueName, Range], samples: Samples) -> str:
    integer = quantize(graph, ranges)
    return evaluate_quantization(graph, graph, integer, samples).layers[-1].hint


def test_an_outlier_channel_is_named() -> None:
    graph = layer((np.diag([1.0, 1.0, 600.0, 1.0]) + 0.0).tolist())
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 1, 4)).astype(np.float32)
    x[:, :, 2] *= np.arange(64).reshape(-1, 1) == 5
    found = hint(graph, calibrate(graph, Samples({X: x})), Samples({X: x}))
    assert found.startswith("outlier channel: channel 2 reaches")


def test_a_saturating_range_is_named() -> None:
    graph = dense_net()
    samples = samples_of(graph, 40)
    ranges = {v: each.scaled(0.3) for v, each in calibrate(graph, samples).items()}
    ranges[X] = calibrate(graph, samples)[X]
    integer = quantize(graph, ranges)
    first = evaluate_quantization(graph, graph, integer, samples).layers[0]
    assert first.hint.startswith("saturating range:")


def test_a_shared_scale_is_named() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4))
        small = g.constant("small", np.eye(4, dtype=np.float32) * np.float32(0.01))
        a = g.add1(FullyConnected(), x, small, name="a")
        return [g.add1(Concatenation(axis=1), a, x, name="b")]

    graph = graph_of(build)
    samples = samples_of(graph, 40)
    integer = quantize(graph, calibrate(graph, samples))
    found = {
        each.name: each for each in evaluate_quantization(graph, graph, integer, samples).layers
    }
    assert found["a"].hint.startswith("shared scale: only 1% of the range is used; the input 'x'")


def chain(*weights: Array) -> Graph:
    """Return dense layers a, b, ... one behind the other."""

    def build(g: GraphBuilder) -> list[ValueName]:
        value = g.input("x", TensorType((1, weights[0].shape[1])))
        for name, each in zip("abc", weights, strict=False):
            value = g.add1(FullyConnected(), value, g.constant(f"{name}.w", each), name=name)
        return [value]

    return graph_of(build)


def hints(graph: Graph, ranges: dict[ValueName, Range], samples: Samples) -> dict[str, str]:
    found = evaluate_quantization(graph, graph, quantize(graph, ranges), samples)
    return {each.name: each.hint for each in found.layers}


def test_layers_that_inherit_name_the_one_that_lost_it() -> None:
    graph = chain(*(np.eye(4, dtype=np.float32) for _ in range(3)))
    samples = samples_of(graph, 40)
    ranges = calibrate(graph, samples)
    narrow = {**ranges, ValueName("a"): ranges[ValueName("a")].scaled(0.3)}
    found = hints(graph, narrow, samples)
    assert found["a"].startswith("saturating range:")
    assert found["b"] == found["c"] == "inherited from 'a'"


def test_an_input_that_is_clipped_is_named() -> None:
    graph = chain(*(np.eye(4, dtype=np.float32) for _ in range(2)))
    samples = samples_of(graph, 40)
    ranges = calibrate(graph, samples)
    found = hints(graph, {**ranges, X: ranges[X].scaled(0.3)}, samples)
    assert found["a"].startswith("the input 'x': saturating range:")
    assert found["b"] == "inherited from the input 'x'"


def test_an_outlier_hurts_the_layer_behind_that_reads_small_channels() -> None:
    """Layer a is as good as its one large channel; b needs the small ones."""
    rng = np.random.default_rng(0)
    a = np.diag(np.array([1, 1, 1, 400], np.float32))
    b = rng.standard_normal((4, 4)).astype(np.float32) * np.array([1, 1, 1, 1e-4], np.float32)
    graph = chain(a, b)
    samples = samples_of(graph, 60)
    found = hints(graph, calibrate(graph, samples), samples)
    assert found["b"].startswith("in 'a': outlier channel: channel 3 reaches")


def test_room_to_spare_is_no_fault_of_int16() -> None:
    graph = uneven_net()
    samples = samples_of(graph, 40)
    made = quantize_best(graph, samples, Recipe(activations=DType.INT16), Quiet())
    found = evaluate_quantization(graph, made.twin, made.graph, samples)
    assert not [each for each in found.layers if "range" in each.hint]


def test_the_worst_come_first() -> None:
    rows = (("a", 30.0, ""), ("b", 10.0, "inherited from 'c'"), ("c", 12.0, "tiny weights"))
    layers = tuple(LayerQuality(name, DType.INT8, sqnr, hint) for name, sqnr, hint in rows)
    found = Evaluation(1, None, None, None, layers)
    assert [each.name for each in found.worst(5)] == ["b", "c", "a"]
    assert [each.name for each in found.worst(1)] == ["c"]


def test_what_a_minimum_leaves_out_is_no_loss_of_the_layer_before() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 8))
        rows = np.random.default_rng(0).standard_normal((8, 8)).astype(np.float32)
        loud, soft = g.constant("v", 100 * np.abs(rows)), g.constant("w", rows)
        a = g.add1(FullyConnected(), x, loud, name="a")
        b = g.add1(FullyConnected(), x, soft, name="b")
        return [g.add1(Extremum(largest=False), a, b, name="y")]

    graph = graph_of(build)
    rows = np.random.default_rng(1).standard_normal((40, 8)).astype(np.float32)
    found = evaluated(graph, Samples({X: np.abs(rows)[:, None]}))
    levels = {each.name: each.sqnr_db for each in found.layers}
    assert min(levels.values()) > 25
