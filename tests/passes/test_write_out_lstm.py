"""LSTMs written out: the same layer, in steps that int16 has."""

from dataclasses import replace

import numpy as np
import pytest
from ops.case import random_array

from edgec.ir import DType, Graph, GraphBuilder, Node, TensorType, ValueName, evaluate, verify
from edgec.ops.activations.relu import Relu
from edgec.ops.layers.lstm import Lstm
from edgec.passes.cleanup.write_out_lstm import WriteOutLstm
from edgec.quantization.quality.sqnr import output_sqnr_db
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.samples import Samples

STEPS, BATCH, DEPTH, UNITS = 5, 2, 3, 4


def layer(*, states: str = "zero", steps: int = STEPS, **fields: object) -> Graph:
    """Return an LSTM of which every output is read; its states are inputs, given or zero."""
    rng = np.random.default_rng(2)
    op = Lstm(shows_cells=True, **fields)  # type: ignore[arg-type]
    g = GraphBuilder("lstm")
    shape = (steps, BATCH, DEPTH) if op.time_major else (BATCH, steps, DEPTH)
    x = g.input("x", TensorType(shape))
    shapes = [(UNITS, DEPTH)] * 4 + [(UNITS, UNITS)] * 4 + [(UNITS,)] * 4
    weights = [g.constant("w", rng.standard_normal(each).astype(np.float32)) for each in shapes]
    first = rng.standard_normal((2, BATCH, UNITS)).astype(np.float32) * np.float32(states != "zero")
    kind = TensorType((BATCH, UNITS))
    h, c = (
        g.input(name, kind) if states == "inputs" else g.constant(name, each)
        for name, each in zip("hc", first, strict=True)
    )
    return g.build(g.add(op, [x, *weights, h, c], name="layer")[:3])


@pytest.mark.parametrize("states", ["zero", "given", "inputs"])
@pytest.mark.parametrize("cell_clip", [0.0, 0.5, 10.0])
@pytest.mark.parametrize("time_major", [False, True])
def test_written_out_it_computes_the_same(
    states: str, *, time_major: bool, cell_clip: float
) -> None:
    graph = layer(states=states, time_major=time_major, cell_clip=cell_clip)
    written = WriteOutLstm().run(graph)
    verify(written)
    ops = {node.op.name for node in written.nodes}
    assert "lstm" not in ops
    assert ("clip" in ops) == (cell_clip > 0 and (cell_clip < STEPS or states != "zero"))
    assert (written.inputs, written.outputs) == (graph.inputs, graph.outputs)
    rng = np.random.default_rng(0)
    inputs = {name: random_array(rng, graph.types[name]) for name in graph.inputs}
    got, wanted = (evaluate(each, inputs) for each in (written, graph))
    for value in graph.outputs:
        np.testing.assert_allclose(got[value], wanted[value], atol=1e-5)


def test_too_many_steps_stay() -> None:
    graph = layer(steps=300)
    assert WriteOutLstm().run(graph) is graph


def test_two_layers_have_names_of_their_own() -> None:
    graph = layer()
    (node,) = graph.nodes
    outputs = tuple(ValueName(f"{value}'") for value in node.outputs)
    twin = replace(node, name="layer'", outputs=outputs)
    types = {new: graph.types[old] for new, old in zip(twin.outputs, node.outputs, strict=True)}
    both = replace(
        graph,
        nodes=(node, twin),
        types={**graph.types, **types},
        outputs=(*graph.outputs, *twin.outputs[:3]),
    )
    verify(both)
    verify(WriteOutLstm().run(both))


def test_in_int16_it_is_finer_than_the_operator() -> None:
    graph = layer()
    x = np.random.default_rng(4).standard_normal((64, BATCH, STEPS, DEPTH)).astype(np.float32)
    data = {graph.inputs[0]: x}
    wanted = {
        graph.outputs[0]: np.stack(
            [evaluate(graph, {graph.inputs[0]: e})[graph.outputs[0]] for e in x]
        )
    }
    written = WriteOutLstm().run(graph)
    made = [
        quantize(each, calibrate(each, Samples(data)), None, width)
        for each, width in ((graph, DType.INT8), (written, DType.INT16))
    ]
    narrow, wide = (output_sqnr_db(each, data, wanted) for each in made)
    assert wide > narrow + 3


def test_names_of_steps_that_are_taken_get_others() -> None:
    """ONNX's importer has made a node called like one of the steps' already."""
    graph = layer()
    named = {"layer/reshaped", "layer/reshaped.2"}
    relu = [
        Node(name, Relu(), (ValueName("x"),), (ValueName(f"of {name}"),), (name,))
        for name in sorted(named)
    ]
    kinds = {each.outputs[0]: graph.types[ValueName("x")] for each in relu}
    whole = replace(graph, outputs=(*graph.outputs, *kinds)).with_nodes(
        [*relu, *graph.nodes], types=kinds
    )
    written = WriteOutLstm().run(whole)
    verify(written)
    assert named < {node.name for node in written.nodes}


@pytest.mark.parametrize("states", ["given", "inputs"])
def test_what_follows_from_a_constant_state_is_no_node(states: str) -> None:
    """Samples are stacked as they are evaluated: a value that has none would not fit the others."""
    graph = layer(states=states)
    written = WriteOutLstm().run(graph)
    made = set(written.constants)
    fixed = [node.name for node in written.nodes if made.issuperset(node.inputs)]
    assert not fixed
    shapes = {name: (24, *graph.types[name].shape) for name in graph.inputs}
    rng = np.random.default_rng(1)
    data = {name: rng.standard_normal(each).astype(np.float32) for name, each in shapes.items()}
    quantize(written, calibrate(written, Samples(data)), None, DType.INT16)
