"""Pruning as a whole: the report says what happened to the network, measured on other samples."""

import json
from dataclasses import replace

import numpy as np
import pytest
from prunable import Network, batch, network
from small_nets import class_labels

from edgec.errors import EdgecError
from edgec.ir import Array, Graph, TensorType, ValueName, evaluate, verify
from edgec.pruning import parse_request, prune, pruner
from edgec.pruning.channels import families
from edgec.pruning.pruning_report import Judge, sqnr_db
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples

GRAPH = network([("residual", 1), ("depthwise", 1), ("concat", 4), ("conv", 7)], "flatten")


def samples(graph: Graph, count: int, *, labeled: bool = False) -> Samples:
    """Return samples; the labels are what the network itself says, the last quarter wrong."""
    arrays = batch(graph, count, seed=5)
    if not labeled:
        return Samples(arrays)
    scores = BatchEvaluator(graph).run(arrays)[graph.outputs[0]].reshape(count, -1)
    label = scores.argmax(axis=1)
    label[3 * count // 4 :] = (label[3 * count // 4 :] + 1) % scores.shape[1]
    return Samples(arrays, class_labels(label))


def counted(graph: Graph) -> tuple[int, int]:
    """Return MACs by the shapes of weights and outputs, and the nonzero weights."""
    macs = weights = 0
    for node in graph.nodes:
        if len(node.inputs) < 3:
            continue
        array = graph.constants[node.inputs[1]]
        weights += int((array != 0).sum())
        places = graph.types[node.outputs[0]].elements
        macs += places * (array.size // graph.types[node.outputs[0]].shape[-1])
    return macs, weights


def test_channels_make_the_network_as_small_as_the_report_says() -> None:
    pruned = prune(GRAPH, samples(GRAPH, 64), parse_request("channels=0.5"))
    verify(pruned.graph)
    report = pruned.report
    for size, graph in ((report.before, GRAPH), (report.after, pruned.graph)):
        assert (size.macs, size.nonzero_weights) == counted(graph)
    assert report.after.macs < 0.6 * report.before.macs
    assert report.after.weights < 0.6 * report.before.weights
    widths = {node.name: pruned.graph.types[node.outputs[0]].shape[-1] for node in GRAPH.nodes}
    for family in report.families:
        assert family.channels_after < family.channels_before
        assert {widths[name] for name in family.layers} == {family.channels_after}


def test_the_criterion_with_the_better_outputs_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    known, request = samples(GRAPH, 64), parse_request("channels=0.5")
    both = prune(GRAPH, known, request).report
    monkeypatch.setattr(pruner, "by_least_error", lambda channels, _: families(channels))
    small = prune(GRAPH, known, request).report
    assert small.criterion == pruner.SMALL
    assert both.criterion in (pruner.SMALL, pruner.LEAST_ERROR)
    assert both.after.macs == small.after.macs
    assert both.repaired.output_sqnr_db is not None
    assert small.repaired.output_sqnr_db is not None
    gain = both.repaired.output_sqnr_db - small.repaired.output_sqnr_db
    assert gain > 0 if both.criterion == pruner.LEAST_ERROR else gain == 0


def test_weights_become_zeros_and_all_stays_as_large() -> None:
    pruned = prune(GRAPH, samples(GRAPH, 64), parse_request("weights=0.5"))
    before, after = pruned.report.before, pruned.report.after
    assert (after.macs, after.weights) == (before.macs, before.weights)
    assert after.nonzero_weights == counted(pruned.graph)[1]
    assert after.nonzero_weights / before.nonzero_weights == pytest.approx(0.5, abs=0.02)
    assert pruned.report.families == ()


def test_both_at_once() -> None:
    report = prune(GRAPH, samples(GRAPH, 64), parse_request("weights=0.5,channels=0.25")).report
    assert report.after.weights < report.before.weights
    assert report.after.nonzero_weights / report.after.weights == pytest.approx(0.5, abs=0.02)
    assert report.requested == "channels=0.25,weights=0.5"


def test_quality_is_that_of_the_repaired_network_on_samples_held_out() -> None:
    data = samples(GRAPH, 40, labeled=True)
    pruned = prune(GRAPH, data, parse_request("channels=0.25"))
    report = pruned.report
    assert (report.samples_fitted, report.samples_measured, report.held_out) == (35, 5, True)
    chosen = range(7, 40, 8)
    wanted, actual = (
        np.stack([evaluate(g, data.sample(i))[GRAPH.outputs[0]].ravel() for i in chosen])
        for g in (GRAPH, pruned.graph)
    )
    noise = np.square(actual - wanted).sum()
    expected = 10 * np.log10(np.square(wanted).sum() / noise)
    assert report.repaired.output_sqnr_db == pytest.approx(expected, abs=0.01)
    labels = data.labels[0].values[7::8]
    assert report.repaired.accuracy == np.mean(actual.argmax(axis=1) == labels)
    assert report.accuracy_before == np.mean(wanted.argmax(axis=1) == labels) == 0.6
    same = np.mean(actual.argmax(axis=1) == wanted.argmax(axis=1))
    assert report.repaired.top1_agreement == same
    assert report.unrepaired.output_sqnr_db is not None
    assert report.repaired.output_sqnr_db is not None
    assert report.repaired.output_sqnr_db > report.unrepaired.output_sqnr_db


def test_few_samples_are_fitted_and_measured_alike() -> None:
    report = prune(GRAPH, samples(GRAPH, 5), parse_request("channels=0.25")).report
    assert (report.samples_fitted, report.samples_measured, report.held_out) == (5, 5, False)
    assert report.accuracy_before is None


def test_memory_limits_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgec.pruning.pruner._MEMORY", 0)
    report = prune(GRAPH, samples(GRAPH, 64), parse_request("channels=0.25")).report
    assert report.samples_fitted + report.samples_measured == 32


def test_outputs_that_are_no_scores_have_no_accuracy() -> None:
    net = Network()
    x = net.g.input("x", TensorType((1, 6)))
    graph = net.g.build([net.dense(net.dense(x, 8), 6)])
    data = replace(samples(graph, 32), labels=class_labels(np.zeros(32, np.int64)))
    report = prune(graph, data, parse_request("channels=0.5")).report
    assert (report.repaired.accuracy, report.repaired.top1_agreement) == (None, None)


def test_the_report_is_json_even_without_any_error() -> None:
    """Half of the neurons get and give nothing: their loss is none, and no infinity is written."""
    net = Network()
    x = net.g.input("x", TensorType((1, 6)))
    hidden = net.dense(x, 8)
    graph = net.g.build([net.dense(hidden, 3)])
    constants: dict[ValueName, Array] = {}
    for node, rows in zip(graph.nodes, (slice(4, 8), slice(0, 0)), strict=True):
        for value in node.inputs[1:]:
            constants[value] = graph.constants[value].copy()
            constants[value][rows] = 0
    graph = graph.with_nodes(graph.nodes, constants=constants)
    report = prune(graph, samples(graph, 32), parse_request("channels=0.5")).report
    text = json.dumps(report.to_json(), allow_nan=False)
    found = json.loads(text)
    assert found["output_sqnr_db"] is None or found["output_sqnr_db"] > 100
    assert (found["macs_before"], found["macs_after"]) == (72, 36)
    assert found["families"] == [
        {"layers": ["dense"], "channels_before": 8, "channels_after": 4},
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("channels=0.01", "widest layers"), ("weights=0.00001", "less than a weight")],
)
def test_nothing_to_prune(text: str, said: str) -> None:
    with pytest.raises(EdgecError, match=said) as caught:
        prune(GRAPH, samples(GRAPH, 8), parse_request(text))
    assert caught.value.code == "nothing-to-prune"


def test_a_network_without_removable_channels() -> None:
    net = Network()
    graph = net.g.build([net.dense(net.g.input("x", TensorType((1, 6))), 4)])
    with pytest.raises(EdgecError, match="no layer has channels that may go"):
        prune(graph, samples(graph, 8), parse_request("channels=0.5"))


def test_sqnr() -> None:
    wanted = np.array([3.0, 4.0])
    assert sqnr_db(wanted, wanted) == float("inf")
    assert sqnr_db(wanted, 1.1 * wanted) == pytest.approx(20)
    assert np.isfinite(sqnr_db(np.zeros(2), np.ones(2)))


def test_the_worst_output_counts() -> None:
    net = Network()
    x = net.g.input("x", TensorType((1, 6)))
    graph = net.g.build([net.dense(x, 3), net.dense(x, 3)])
    constants = {value: array.copy() for value, array in graph.constants.items()}
    constants[graph.nodes[1].inputs[1]] *= 1.01
    other = graph.with_nodes(graph.nodes, constants=constants)
    inputs = batch(graph, 16)
    found = Judge.of(graph, Samples(inputs)).quality(other).output_sqnr_db
    second = graph.outputs[1]
    wanted, actual = (BatchEvaluator(g).run(inputs)[second] for g in (graph, other))
    assert found == pytest.approx(sqnr_db(wanted, actual))
