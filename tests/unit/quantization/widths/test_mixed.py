"""An int8 model made again with some layers in int16: what is kept, what is finer."""

import numpy as np
import pytest
from oracle import Oracle
from small_nets import dense_net, samples_of

from edgec.driver.progress import Quiet
from edgec.exporters.tflite import write_tflite
from edgec.ir import DType, Graph, ValueName, verify
from edgec.ops.layers.conv2d import Conv2D
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.sqnr import integer_values
from edgec.quantization.recipe import Recipe
from edgec.quantization.widths.mixed import Mixer
from edgec.quantization.widths.width_path import Plan

SAMPLES = samples_of(dense_net(), 32)


@pytest.fixture(scope="module")
def mixer() -> Mixer:
    graph = dense_net()
    narrow = quantize_best(graph, SAMPLES, Recipe(), Quiet())
    return Mixer.of(narrow, graph, SAMPLES, Quiet())


def first_two(mixer: Mixer) -> Plan:
    """Return the plan with the first two of three layers in int16."""
    root = {name: group.root for group in mixer.groups for name in group.layers}
    return mixer.path.plan(frozenset({root["a"], root["b"]}))


def dtypes(graph: Graph, *names: str) -> list[DType]:
    return [graph.types[ValueName(name)].dtype for name in names]


def assert_bytes_of_the_interpreter(graph: Graph) -> None:
    verify(graph)
    values = integer_values(graph, SAMPLES.arrays)
    judge = Oracle(write_tflite(graph), exact=True)
    for index in range(8):
        got = judge.run({name: values[name][index] for name in graph.inputs})
        for name in graph.outputs:
            np.testing.assert_array_equal(got[name], values[name][index])


@pytest.mark.oracle
def test_the_layers_of_a_plan_are_int16(mixer: Mixer) -> None:
    plan = first_two(mixer)
    made = mixer.made(plan)
    assert dtypes(made.graph, "x", "a", "b", "c") == [
        DType.INT8,
        DType.INT16,
        DType.INT16,
        DType.INT8,
    ]
    assert mixer.layers(plan) == 2
    assert made.recipe.width == "mixed"
    assert_bytes_of_the_interpreter(made.graph)


@pytest.mark.oracle
def test_finer_weights_are_for_int16_layers_only(mixer: Mixer) -> None:
    finer = mixer.refined()
    assert finer is not None
    assert finer.refined() is None
    made = finer.made(first_two(mixer))
    graph = made.graph
    convs = [node for node in graph.nodes if isinstance(node.op, Conv2D)]
    assert [node.name for node in convs] == ["a", "b"]
    assert {graph.types[node.outputs[0]].dtype for node in convs} == {DType.INT16}
    assert dtypes(graph, "x", "c") == [DType.INT8, DType.INT8]
    assert "as 1x1 convolutions" in str(made.recipe)
    assert_bytes_of_the_interpreter(made.graph)


def test_a_mixed_model_is_judged_on_what_it_was_not_made_from(mixer: Mixer) -> None:
    made = mixer.made(first_two(mixer))
    assert made.sqnr_db is None
    judged = mixer.tried(made)
    assert judged.trial is not None
    assert judged.held_out == mixer.narrow.held_out == 8
    assert judged.sqnr_db is not None
    assert judged.plain_sqnr_db == mixer.narrow.plain_sqnr_db
