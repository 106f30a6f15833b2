"""The node tests that ship inside the onnx package: import, float reference, optimized graph.

What is out of scope is decided before anything runs, by operator, element type or option, each with
its reason. Everything else has to pass. Run this file with ``-s`` for the counts.
"""

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from edgec.errors import Place
from edgec.frontends.importers import load_importers
from edgec.frontends.onnx.constant_folding import FOLDABLE, SHAPE_ONLY
from edgec.frontends.onnx.load import read_onnx
from edgec.frontends.onnx.model_file import OLDEST_OPSET
from edgec.frontends.onnx.nodes import operator_key
from edgec.frontends.onnx.qdq import in_floats
from edgec.ir import Array, Graph, evaluate, verify
from edgec.ops.operator import is_float
from edgec.ops.registry import IMPORTERS, Format
from edgec.pipelines import optimize_float

load_importers()
IMPORTED = {name for source, name in IMPORTERS if source is Format.ONNX}
COMPUTED_AT_IMPORT = FOLDABLE - IMPORTED
EXPANDED = {"QLinearConv", "QLinearMatMul"}  # the front end spells them out
HALVES = {"float16", "bfloat16"}  # read as float32
TYPES = {"float32", "int8", "uint8", "int16", "uint16", "int32", "int64", "bool"} | HALVES
PARAMETERS = {  # the first input that has to be a constant
    **dict.fromkeys(("BatchNormalization", "GroupNormalization", "InstanceNormalization"), 1),
    **dict.fromkeys(("Clip", "Conv", "ConvTranspose", "Pad", "Pow", "Resize", "Upsample"), 1),
    **dict.fromkeys(
        ("CumSum", "OneHot", "ReduceMax", "ReduceMin", "ReduceSum", "TopK", "Trilu"), 1
    ),
    **dict.fromkeys(("GRU", "LSTM", "RNN", "ai.onnx.ml::ArrayFeatureExtractor"), 1),
    **dict.fromkeys(("DequantizeLinear", "QuantizeLinear", *sorted(EXPANDED)), 1),
}
AT_RUN_TIME = {  # whose numbers and truth values are data, where they are all of the model
    *("And", "Or", "Xor", "Not", "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"),
    *("Add", "Sub", "Mul", "Div", "Mod", "Max", "Min", "Neg", "Abs", "Sign", "Sum"),
    *("BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "ReduceSum", "ReduceMax", "ReduceMin"),
    *("Gather", "GatherElements", "GatherND", "OneHot", "TopK", "CumSum", "Where", "Trilu"),
}
NUMBERS = {"int32", "int64", "bool"}
INSIDE = {"int64": "int32"}  # what counts has 32 bits inside
INITIALIZERS_ALONE = 4  # the first IR version where an initializer need not be an input
LARGEST_RANK = 4
COARSE = 1e-2  # half precision, in which the expected values were computed

IN_SCOPE_AT_LEAST = 930
"""Guards against a change that puts much of the suite out of scope."""


@dataclass(frozen=True)
class Case:
    """One test of the suite with its data; ``model`` has parameters as initializers."""

    name: str
    model: Any
    inputs: dict[str, Array]
    outputs: list[Array]
    rtol: float
    atol: float
    out_of_scope: str


@cache
def cases() -> tuple[Case, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests  # noqa: PLC0415 - slow

        return tuple(_case(each) for each in load_model_tests(kind="node"))


def in_scope() -> list[Case]:
    return [each for each in cases() if not each.out_of_scope]


def _case(test: Any) -> Case:
    try:
        ins, outs = ([np.asarray(each) for each in half] for half in test.data_sets[0])
    except ValueError:  # sequences of arrays
        return Case(test.name, test.model, {}, [], 0, 0, "sequences and optional values")
    reason = _named(test.name) or _reason(test.model, ins, outs)
    if reason:
        return Case(test.name, test.model, {}, [], 0, 0, reason)
    names = [each.name for each in test.model.graph.input]
    data = dict(zip(names, ins, strict=False))
    model, inputs = _with_parameters(test.model, data)
    half = any(each.dtype.name in HALVES for each in (*ins, *outs))
    rtol, atol = (max(COARSE, test.rtol), COARSE) if half else (test.rtol, max(test.atol, 1e-6))
    return Case(test.name, model, inputs, outs, rtol, atol, "")


# What is out of scope, and why.


MASKED = "rows that are masked wholly: their infinities make NaN"
NAMED = {  # beginnings of names, where a function of the standard is spelled out in operators
    "test_attention_23_boolmask_fullymasked": MASKED,
    "test_attention_23_fullymasked": MASKED,
    "test_attention_24_fullymasked": MASKED,
    "test_attention_24_qk_matmul_output_mode3_softmax": MASKED,
    "test_attention_4d_causal_nonpad_negative_offset": MASKED,
    "test_attention_4d_causal_padded_kv_bf16": MASKED,
    "test_attention_causal_boolmask_nan": MASKED,
    "test_gathernd_example_int32_batch_dim1": "GatherND: batches of places at run time",
    "test_attention_local_window_gqa_rank4_mask": "element type float64",
    "test_rotary_embedding": "Split: a part without elements",
}


def _named(name: str) -> str:
    return next((reason for start, reason in NAMED.items() if name.startswith(start)), "")


def _reason(model: Any, ins: list[Array], outs: list[Array]) -> str:
    """Return why a test is out of scope; nothing where it has to pass."""
    keys = {operator_key(node) for node in model.graph.node}
    unknown = sorted(keys - IMPORTED - COMPUTED_AT_IMPORT - EXPANDED)
    if unknown:
        return f"operator {unknown[0]}"
    version = max((each.version for each in model.opset_import if not each.domain), default=0)
    if version < OLDEST_OPSET and any(not node.domain for node in model.graph.node):
        return f"opset {version}, which is before {OLDEST_OPSET}"
    if any(each.type.WhichOneof("value") != "tensor_type" for each in model.graph.input):
        return "sequences and optional values"
    kinds = {each.dtype.name for each in (*ins, *outs)} - TYPES
    if kinds:
        return f"element type {min(kinds)}"
    if any(0 in each.shape for each in (*ins, *outs)):
        return "tensors without elements"
    (node, *others) = model.graph.node
    return "" if others else _option(node, ins)


def _option(node: Any, ins: list[Array]) -> str:
    """Return which option or form of an operator is out of scope."""
    rule = OPTIONS.get(node.op_type)
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    reason = rule(attributes, ins, node) if rule else ""
    return f"{node.op_type}: {reason}" if reason else ""


Rule = Callable[[dict[str, Any], list[Array], Any], str]


def _window(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    if ins[0].ndim > LARGEST_RANK:
        return "three spatial axes"
    if ins[0].dtype.kind in "iu":
        return "integers without a scale"
    return "the indices of maxima" if len(node.output) > 1 else ""


def _resize(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    if attributes.get("antialias"):
        return "antialiasing"
    corners = attributes.get("coordinate_transformation_mode") == b"align_corners"
    return _resize_factors(ins) if corners else ""


def _resize_factors(ins: list[Array]) -> str:
    factors = [each for each in ins[1:] if each.dtype == np.float32 and each.size == ins[0].ndim]
    sizes = np.array(ins[0].shape) * (factors[-1] if factors else 1)
    whole = np.allclose(sizes, np.rint(sizes))
    return "" if whole else "corners of factors that give no whole sizes, not as in onnxruntime"


def _scatter(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    return "" if attributes.get("reduction", b"none") == b"none" else "a reduction"


def _pow(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    return "exponents that differ" if len(np.unique(ins[-1])) > 1 else ""


def _quantize(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    return "several scales for an activation" if ins[1].size > 1 else ""


def _lstm(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    return "peepholes" if len(node.input) > 7 and node.input[7] else ""


def _training(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    flags = [each for each in ins if each.dtype == np.bool_]
    training = attributes.get("training_mode") or any(bool(each.any()) for each in flags)
    return "training" if training else ""


def _one_output(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    return "mean and deviation as outputs" if len(node.output) > 1 else ""


def _not_finite(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    return "numbers that are not finite: integers stand for none"


def _attention(attributes: dict[str, Any], ins: list[Array], node: Any) -> str:
    if len(node.output) > 3 and node.output[3]:
        return "the scores as an output"
    if len(node.input) > 6 and node.input[6]:
        return "lengths of keys"
    windows = ("left_window_size", "right_window_size")
    return "windows" if any(attributes.get(each, -1) >= 0 for each in windows) else ""


OPTIONS: dict[str, Rule] = {
    "Attention": _attention,
    "AveragePool": _window,
    "BatchNormalization": _training,
    "Conv": _window,
    "ConvTranspose": _window,
    "Dropout": _training,
    "IsInf": _not_finite,
    "IsNaN": _not_finite,
    "LayerNormalization": _one_output,
    "LSTM": _lstm,
    "MaxPool": _window,
    "Pow": _pow,
    "QuantizeLinear": _quantize,
    "Resize": _resize,
    "ScatterElements": _scatter,
    "ScatterND": _scatter,
}


# Which inputs are data, and which parameters that the file would hold.


def _with_parameters(model: Any, data: dict[str, Array]) -> tuple[Any, dict[str, Array]]:
    """Return the model with its parameters as initializers, and what is left to be fed."""
    fixed = _parameters(model, data)
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    changed.ir_version = max(model.ir_version, INITIALIZERS_ALONE)
    del changed.graph.input[:]
    changed.graph.input.extend(each for each in model.graph.input if each.name not in fixed)
    changed.graph.initializer.extend(
        numpy_helper.from_array(data[each.name], each.name)
        for each in model.graph.input
        if each.name in fixed
    )
    return changed, {name: array for name, array in data.items() if name not in fixed}


def _parameters(model: Any, data: dict[str, Array]) -> set[str]:
    """Return the inputs that are no floats, and those that reach what must be constant."""
    keys = {operator_key(node) for node in model.graph.node}
    free = {"float32", *HALVES} | (NUMBERS if keys <= AT_RUN_TIME else set())
    fixed = {name for name, array in data.items() if array.dtype.name not in free}
    wanted = {name for node in model.graph.node for name in _constant_inputs(node)}
    for node in reversed(model.graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
    return fixed | (wanted & data.keys())


def _constant_inputs(node: Any) -> Iterator[str]:
    if operator_key(node) in COMPUTED_AT_IMPORT - SHAPE_ONLY:
        yield from node.input
    yield from node.input[PARAMETERS.get(operator_key(node), len(node.input)) :]


# The tests.


@pytest.mark.slow
def test_every_node_test_in_scope_passes(tmp_path: Path) -> None:
    """One test for all: the suite takes long to load, and collecting tests should not."""
    failures = {}
    for case in in_scope():
        try:
            check(case, tmp_path / "model.onnx")
        except Exception as error:  # noqa: BLE001 - all failures are listed together
            failures[case.name] = f"{type(error).__name__}: {str(error)[:200]}"
    assert not failures, "\n".join(f"{name}: {text}" for name, text in failures.items())


def check(case: Case, path: Path) -> None:
    """Evaluate one test's model as imported, and once it is optimized."""
    path.write_bytes(case.model.SerializeToString())
    graph = read_onnx(path)
    verify(graph)
    assert_equal(case, graph, [np.asarray(each) for each in case.inputs.values()])
    if all(is_float(graph.types[value]) for value in (*graph.inputs, *graph.outputs)):
        optimized = optimize_float(in_floats(graph, Place()))
        moved = [
            array.transpose(optimized.layouts.get(name, range(array.ndim)))
            for name, array in zip(graph.inputs, case.inputs.values(), strict=True)
        ]
        assert_equal(case, optimized, moved)


def assert_equal(case: Case, graph: Graph, inputs: list[Array]) -> None:
    x = {
        name: np.array(array, graph.types[name].dtype.numpy, order="C")
        for name, array in zip(graph.inputs, inputs, strict=True)
    }
    results = evaluate(graph, x)
    for name, wanted in zip(graph.outputs, case.outputs, strict=True):
        actual = results[name]
        layout = graph.layouts.get(name, range(actual.ndim))
        actual = actual.transpose(np.argsort(layout))
        assert actual.shape == wanted.shape
        if wanted.dtype.name not in HALVES:
            assert actual.dtype.name in {wanted.dtype.name, INSIDE.get(wanted.dtype.name)}
        np.testing.assert_allclose(
            actual.astype(np.float64), wanted.astype(np.float64), case.rtol, case.atol
        )


@pytest.mark.slow
def test_most_of_the_suite_is_in_scope() -> None:
    """Say what is not, and why: shown by -s."""
    reasons = Counter(each.out_of_scope for each in cases())
    assert reasons.pop("") == len(in_scope()) >= IN_SCOPE_AT_LEAST
    folded = sum(not each.inputs for each in in_scope())
    lines = [f"{len(cases())} tests: {len(in_scope())} in scope, {folded} of them at import alone"]
    lines += [f"  {count:4} out of scope: {reason}" for reason, count in reasons.most_common()]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
