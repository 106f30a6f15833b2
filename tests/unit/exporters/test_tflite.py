"""The TFLite writer: what the interpreter needs, and what other readers rely on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import tflite
from ops.case import random_array
from oracle import require, run_tflite
from tflite_files import Q, X, two_convolutions

from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.exporters.tflite import load_exporters
from edgec.exporters.versions import operator_version
from edgec.ir import (
    Array,
    DType,
    Graph,
    GraphBuilder,
    Op,
    QParams,
    Signature,
    TensorType,
    ValueName,
    evaluate,
)
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.windows import Pads, Window
from edgec.ops.tflite_operators import TFLITE_OPERATORS, TfliteOperator, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Op):
    """An operator that nothing exports."""

    name: ClassVar[str] = "unknown"

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        return (inputs[0],)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        return (inputs[0],)


load_exporters()
Y1 = ValueName("y1")
ONES = QParams.per_channel([1, 1], 0)


def convolution(pads: Pads, names: Sequence[str] = ("x", "w", "b")) -> Graph:
    """Return one convolution 'y' whose input and constants are called ``names``."""
    g = GraphBuilder("one")
    x = g.input(names[0], X)
    w = g.constant(names[1], np.ones((2, 3, 3, 2), np.int8), ONES)
    b = g.constant(names[2], np.ones(2, np.int32), ONES)
    y = g.add1(Conv2D(window=Window((3, 3), pads=pads)), x, w, b, name="y", qparams=Q)
    return g.build([y])


@pytest.mark.oracle
def test_the_interpreter_agrees() -> None:
    graph = two_convolutions()
    inputs = {ValueName("x"): random_array(np.random.default_rng(1), X)}
    expected = run_tflite(write_tflite(graph), inputs)
    actual = evaluate(graph, inputs)
    assert actual[Y1].tobytes() == expected["y1"].tobytes()
    assert len(np.unique(actual[Y1])) > 4


@pytest.mark.oracle
def test_the_interpreter_takes_inputs_by_name() -> None:
    graph = two_convolutions()
    module = require()
    interpreter = module.Interpreter(model_content=write_tflite(graph))
    assert interpreter.get_signature_list() == {
        "serving_default": {"inputs": ["x"], "outputs": ["y1"]}
    }
    x = random_array(np.random.default_rng(1), X)
    actual = interpreter.get_signature_runner()(x=x)
    assert actual["y1"].shape == evaluate(graph, {ValueName("x"): x})[Y1].shape


def test_what_the_file_says() -> None:
    model = tflite.Model.GetRootAs(write_tflite(two_convolutions()), 0)
    assert model.Version() == 3
    assert model.Description() == b"edgec"
    assert model.OperatorCodesLength() == 1
    code = model.OperatorCodes(0)
    assert code.BuiltinCode() == code.DeprecatedBuiltinCode() == tflite.BuiltinOperator.CONV_2D
    assert code.Version() == 3
    subgraph = model.Subgraphs(0)
    names = [subgraph.Tensors(i).Name() for i in range(subgraph.TensorsLength())]
    assert names == [b"x", b"w0", b"b0", b"y0", b"w1", b"b1", b"y1"]
    quantization = subgraph.Tensors(1).Quantization()
    assert quantization.ScaleAsNumpy().dtype == np.float32
    assert quantization.ZeroPointAsNumpy().dtype == np.int64
    options = tflite.Conv2DOptions()
    table = subgraph.Operators(0).BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    assert options.FusedActivationFunction() == tflite.ActivationFunctionType.RELU6
    assert options.StrideH() == 1


def test_same_graph_same_bytes() -> None:
    assert write_tflite(two_convolutions()) == write_tflite(two_convolutions())


def test_equal_constants_share_a_buffer() -> None:
    g = GraphBuilder("shared")
    value = g.input("x", X)
    for number in range(2):
        w = g.constant(f"w{number}", np.ones((2, 3, 3, 2), np.int8), ONES)
        b = g.constant(f"b{number}", np.ones(2, np.int32), ONES)
        op = Conv2D(window=Window((3, 3), pads=(1, 1, 1, 1)))
        value = g.add1(op, value, w, b, name=f"y{number}", qparams=Q)
    model = tflite.Model.GetRootAs(write_tflite(g.build([value])), 0)
    assert model.BuffersLength() == 3
    assert model.Buffers(0).DataLength() == 0
    assert model.Buffers(1).DataLength() == 36
    assert model.Buffers(2).DataLength() == 8


def test_constant_data_is_aligned() -> None:
    """Interpreters on devices read weights in place: TFLite's own converter aligns to 16 bytes."""
    data = write_tflite(two_convolutions())
    marker = two_convolutions().constants[ValueName("w1")].tobytes()
    assert data.index(marker) % 16 == 0


def test_padding_tflite_cannot_spell_becomes_an_operator() -> None:
    model = tflite.Model.GetRootAs(write_tflite(convolution((2, 0, 0, 0))), 0)
    codes = {model.OperatorCodes(i).BuiltinCode() for i in range(model.OperatorCodesLength())}
    assert codes == {tflite.BuiltinOperator.PAD, tflite.BuiltinOperator.CONV_2D}


def test_added_tensors_get_free_names() -> None:
    """The exporter's own tensors step back where a value of the graph has their name."""
    graph = convolution((2, 0, 0, 0), ["y/padded.2/1", "y/padded", "b"])
    subgraph = tflite.Model.GetRootAs(write_tflite(graph), 0).Subgraphs(0)
    names = [subgraph.Tensors(i).Name() for i in range(subgraph.TensorsLength())]
    own, added = [b"b", b"y", b"y/padded", b"y/padded.2/1"], [b"y/padded.2", b"y/padded.2/1.2"]
    assert sorted(names) == sorted([*own, *added])


def test_all_nodes_without_exporter_are_named() -> None:
    g = GraphBuilder("odd")
    value = g.input("x", X)
    for number in range(2):
        value = g.add1(Unknown(), value, name=f"odd{number}", qparams=Q)
    with pytest.raises(EdgecError) as caught:
        write_tflite(g.build([value]))
    assert [each.code for each in caught.value.problems()] == ["cannot-export"] * 2
    assert "node 'odd0'" in str(caught.value)
    assert "node 'odd1'" in str(caught.value)


def _kind(dtype: DType, rank: int = 4) -> TensorType:
    return TensorType((1,) * rank, dtype, Q)


@pytest.mark.parametrize(
    ("code", "inputs", "options", "version"),
    [
        ("CONV_2D", [_kind(DType.FLOAT32)], {}, 1),
        ("CONV_2D", [_kind(DType.INT8)], {}, 3),
        ("CONV_2D", [_kind(DType.INT16), _kind(DType.INT8)], {}, 4),
        ("DEPTHWISE_CONV_2D", [_kind(DType.FLOAT32)], {"DilationWFactor": 2}, 2),
        ("DEPTHWISE_CONV_2D", [_kind(DType.INT8)], {"DilationWFactor": 2}, 3),
        ("FULLY_CONNECTED", [_kind(DType.INT8)] * 3, {}, 4),
        ("FULLY_CONNECTED", [_kind(DType.INT8)] * 3, {"KeepNumDims": True}, 5),
        ("FULLY_CONNECTED", [_kind(DType.INT8)] * 2, {}, 6),
        ("TRANSPOSE", [_kind(DType.INT8, rank=5)], {}, 4),
        ("RESHAPE", [_kind(DType.INT8)], {}, 1),
        ("SUB", [_kind(DType.INT8)] * 2, {}, 3),
        ("SUB", [_kind(DType.INT16)] * 2, {}, 5),
        ("SLICE", [_kind(DType.INT8)], {}, 2),
        ("SLICE", [_kind(DType.INT16)], {}, 4),
        ("SLICE", [_kind(DType.INT16, rank=5)], {}, 5),
        ("TRANSPOSE", [_kind(DType.INT8)], {}, 2),
        ("TRANSPOSE_CONV", [_kind(DType.INT8)] * 3, {}, 2),
        ("TRANSPOSE_CONV", [_kind(DType.INT8)] * 4, {}, 3),
        ("MUL", [_kind(DType.INT16)] * 2, {}, 4),
        ("RESIZE_BILINEAR", [_kind(DType.INT8)], {"HalfPixelCenters": True}, 3),
    ],
)
def test_versions(
    code: str, inputs: list[TensorType], options: dict[str, int], version: int
) -> None:
    assert operator_version(code, inputs, options) == version


@pytest.mark.parametrize(
    "code", sorted(each for each in TFLITE_OPERATORS if not each.startswith(("EDGEC_", "CUSTOM ")))
)
def test_described_operators_are_those_of_the_schema(code: str) -> None:
    """A description under a wrong name would never be found."""
    says = TFLITE_OPERATORS[code]
    assert hasattr(tflite.BuiltinOperator, code)
    assert hasattr(tflite.BuiltinOptions, says.options or "NONE")
    assert says.integers in {"", "inputs", "outputs"}


def test_an_operator_is_described_once() -> None:
    with pytest.raises(ValueError, match="two descriptions of TFLite's CONV_2D"):
        describe_tflite("CONV_2D", says=TfliteOperator())
