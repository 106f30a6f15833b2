"""Quality part by part: outputs, operands of concatenations, groups of channels."""

import numpy as np
import pytest
from equivalence import floats, graph_of, random_array
from small_nets import dense_net, samples_of

from edgec.driver.compile.requirements import Requirement
from edgec.driver.progress import Quiet
from edgec.ir import Array, DType, Graph, GraphBuilder, QParams, TensorType, ValueName
from edgec.ops.activations.logistic import Logistic
from edgec.ops.functions.abs import Abs
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.movement.transpose import Transpose
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.evaluation import Evaluation, evaluate_quantization
from edgec.quantization.quality.model_checks import faint_parts
from edgec.quantization.quality.origins import origins_of
from edgec.quantization.quality.parts import Part, PartMeter
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.samples import Samples

X, Y = ValueName("x"), ValueName("y")
CONCAT = Concatenation(axis=1)


def detector() -> Graph:
    """Return boxes up to some hundreds and scores up to 1, one behind the other, transposed."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(6, 8))
        v = g.constant("v", np.float32(8) * random_array(4, 8))
        w = g.constant("w", random_array(4, 8))
        boxes = g.add1(FullyConnected(), x, v, name="boxes")
        scores = g.add1(Logistic(), g.add1(FullyConnected(), x, w, name="logits"), name="scores")
        both = g.add1(CONCAT, boxes, scores, name="both")
        return [g.add1(Transpose(perm=(1, 0)), both, name="y")]

    return graph_of(build)


def evaluated(graph: Graph, samples: Samples, activations: DType = DType.INT8) -> Evaluation:
    made = quantize_best(graph, samples, Recipe.plain(activations=activations), Quiet())
    return evaluate_quantization(graph, made.twin, made.graph, samples)


def met(drop: str, found: Evaluation) -> bool:
    return Requirement.parse(drop).judge(found, "samples").met


def measured(graph: Graph, wanted: Array, got: Array, *, inner: bool = True) -> list[Part]:
    """Return the parts of the value y, whose integers have steps of 1."""
    meter = PartMeter.of(graph, inner=inner)
    meter.add({Y: wanted[None]}, {Y: got[None]})
    kind = TensorType(graph.types[Y].shape, DType.INT8, QParams.per_tensor(1.0))
    return list(meter.parts({Y: kind}))


def test_a_part_that_a_louder_one_drowns_is_seen_named_and_obeyed() -> None:
    graph = detector()
    found = evaluated(graph, samples_of(graph))
    assert found.output_sqnr_db is not None
    assert found.output_sqnr_db > 25
    worst = found.worst_part
    assert worst is not None
    assert (worst.output, worst.operand, worst.is_lost) == ("y", "scores", True)
    assert worst.sqnr_db < 5
    assert not met("30dB", found)
    assert not met("50", found), "no label knows of the lost part"
    (warning,) = faint_parts(found.parts)
    assert warning.startswith("'scores' in 'y' goes from ")
    assert "a step of its integers is " in warning
    assert warning.endswith(
        "export the parts as separate outputs, or ask for int16 with --max-drop"
    )


def test_in_int16_the_same_part_is_there() -> None:
    graph = detector()
    found = evaluated(graph, samples_of(graph), DType.INT16)
    assert found.worst_sqnr_db is not None
    assert found.worst_sqnr_db > 25
    assert not list(faint_parts(found.parts))


def test_a_model_without_parts_has_its_output_alone() -> None:
    graph = dense_net()
    found = evaluated(graph, samples_of(graph))
    (part,) = found.parts
    assert (part.output, part.operand, part.channels, part.judged) == ("c", None, None, True)
    assert part.sqnr_db == pytest.approx(found.output_sqnr_db, abs=1e-6)
    assert found.worst_sqnr_db == pytest.approx(found.output_sqnr_db, abs=1e-6)


def test_the_worst_output_is_obeyed_and_not_the_mean() -> None:
    parts = [
        Part(name, None, None, None, None, -1, 1, noise, 0.01, judged=True)
        for name, noise in (("a", 1e-4), ("b", 1e-2))
    ]
    found = Evaluation(1, None, None, 22.97, (), tuple(parts))
    assert found.worst_sqnr_db == pytest.approx(20)
    assert met("20dB", found)
    assert not met("22dB", found)


def moved() -> Graph:
    """Return a's channels beside b's, cut, padded and turned: 3 of a, 2 of b, 1 of neither."""

    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = (g.add1(Abs(), g.input(n, floats(2, 4)), name=f"{n}2") for n in "ab")
        both = g.add1(CONCAT, a, b, name="both")
        cut = Slice(starts=(0, 1), sizes=(2, 5), steps=(1, 1))
        padded = Pad(paddings=((0, 0), (1, 0)), value=7.0)
        wide = g.add1(padded, g.add1(cut, both), name="wide")
        turned = g.add1(Transpose(perm=(1, 0)), wide, name="turned")
        return [g.add1(Reshape(shape=(12,)), turned, name="y")]

    return graph_of(build)


def test_elements_know_where_they_come_from_through_all_that_moves() -> None:
    found = origins_of(moved(), Y)
    assert [(each.value, each.first, each.channels) for each in found.origins] == [
        ("a2", 1, 4),
        ("b2", 5, 4),
    ]
    assert found.numbers.reshape(6, 2)[:, 0].tolist() == [0, 2, 3, 4, 5, 6]
    assert found.moved >= {"both", "wide", "turned", "y"}


def test_noise_belongs_to_the_operand_it_is_in() -> None:
    graph = moved()
    wanted = np.ones(12, np.float32)
    got = wanted.copy()
    got.reshape(6, 2)[4:] = 2.0
    whole, of_a, of_b = measured(graph, wanted, got)
    assert [each.operand for each in (whole, of_a, of_b)] == [None, "a2", "b2"]
    assert [each.noise for each in (whole, of_a, of_b)] == pytest.approx([4 / 12, 0, 1])
    assert of_a.judged
    assert str(of_b) == "'b2' in 'y'"


def test_channels_of_other_magnitude_are_a_group_and_negligible_ones_are_not_judged() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        return [g.add1(Abs(), g.input("x", floats(1, 6)), name="y")]

    wanted = np.array([[400, 300, 1, 250, 0.5, 1e-3]], np.float32)
    whole, loud, faint, nothing = measured(graph_of(build), wanted, np.rint(wanted))
    assert whole.channels is None
    assert (loud.channels, faint.channels) == (((0, 2), (3, 4)), ((2, 3), (4, 5)))
    assert [loud.noise, faint.noise] == pytest.approx([0, 0.2])
    assert str(faint) == "channels 2, 4 of 'y'"
    assert (nothing.channels, nothing.judged, nothing.is_lost) == (((5, 6),), False, True)
    assert faint.to_json()["channels"] == [[2, 3], [4, 5]]


def test_channels_that_are_always_zero_are_no_part() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        return [g.add1(Abs(), g.input("x", floats(1, 3)), name="y")]

    zero = np.array([[400, 300, 0]], np.float32)
    assert len(measured(graph_of(build), zero, zero)) == 1


def test_inner_concatenations_are_reported_but_not_judged() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 8))
        small = g.add1(FullyConnected(), x, g.constant("v", random_array(4, 8)), name="small")
        w = g.constant("w", np.float32(1000) * random_array(4, 8))
        large = g.add1(FullyConnected(), x, w, name="large")
        both = g.add1(CONCAT, small, large, name="both")
        return [g.add1(FullyConnected(), both, g.constant("u", random_array(3, 8)), name="y")]

    graph = graph_of(build)
    found = evaluated(graph, samples_of(graph))
    inner = [each for each in found.parts if each.of is not None]
    assert [(each.of, each.operand, each.judged) for each in inner] == [
        ("both", "small", False),
        ("both", "large", False),
    ]
    assert inner[0].sqnr_db < 10 < inner[1].sqnr_db
    assert found.worst_part is not None
    assert found.worst_part.output == "y"
    warned = [text for text in faint_parts(found.parts) if text.startswith("'small' in 'both'")]
    assert [each.is_lost for each in inner] == [bool(warned), False]


def test_a_model_of_scalars_has_parts() -> None:
    g = GraphBuilder("m")
    x = g.input("x", floats())
    graph = g.build([g.add1(Logistic(), x, name="y")])
    assert origins_of(graph, x).numbers.shape == ()
    assert x in PartMeter.of(graph).values


def test_an_output_that_is_made_of_constants_is_not_judged() -> None:
    """It is the same in every run: nothing of it is lost on the way."""
    g = GraphBuilder("m")
    x = g.input("x", floats(1, 4))
    known = g.constant("c", random_array(1, 4))
    outputs = [g.add1(Logistic(), value, name=f"of_{value}") for value in (x, known)]
    judged = PartMeter.of(g.build(outputs)).values
    assert x in judged
    assert known not in judged
