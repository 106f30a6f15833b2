"""The TFLite front end: what it accepts, and one error for each thing it cannot take."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from tflite_files import (
    Change,
    OddLayout,
    Q,
    X,
    bias,
    constant,
    conv,
    conv_tensors,
    file,
    fixed,
    operator,
    tensor,
    two_convolutions,
    weights,
)

from edgec.errors import EdgecError
from edgec.exporters import write_tflite
from edgec.exporters.flatbuffer import FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, Graph, QParams, verify


def load(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    graph = load_tflite(path)
    verify(graph)
    return graph


def error(data: bytes, folder: Path) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        load(data, folder)
    for problem in caught.value.problems():
        assert problem.place.file == str(folder / "model.tflite")
        assert problem.help
    return caught.value


def test_convolution(tmp_path: Path) -> None:
    graph = load(file(), tmp_path)
    assert str(graph).splitlines() == [
        "graph model",
        "  input x: int8[1x4x4x2] {scale=0.5 zp=3}",
        "  const w: int8[2x3x3x2] {scales=2 axis=0}",
        "  const b: int32[2] {scales=2 axis=0}",
        "  y = conv2d(window=3x3 pads=(1, 1, 1, 1))(x, w, b): int8[1x4x4x2] {scale=0.5 zp=3}",
        "  output y",
    ]
    assert graph.nodes[0].name == "y"
    assert np.array_equal(graph.constants[graph.nodes[0].inputs[1]].ravel(), np.arange(36))


def test_optional_bias_may_be_absent_or_minus_one(tmp_path: Path) -> None:
    for inputs in ((0, 1), (0, 1, -1)):
        graph = load(file(operators=[conv(inputs=inputs)]), tmp_path)
        assert graph.nodes[0].inputs == ("x", "w")


def test_dynamic_batch_becomes_one(tmp_path: Path) -> None:
    tensors = conv_tensors()
    tensors[0] = tensor("x", (-1, 4, 4, 2))
    graph = load(file(tensors), tmp_path)
    assert graph.types[graph.inputs[0]].shape[0] == 1


def test_bias_may_state_any_axis(tmp_path: Path) -> None:
    def axis(layout: object, fields: dict[str, object]) -> dict[str, object]:
        return fields | {"QuantizedDimension": 3}

    tensors = conv_tensors()
    tensors[1] = constant("w", np.zeros((2, 3, 3, 2), np.int8), QParams.per_channel([1, 1], 3))
    graph = load(file(tensors, QuantizationParameters=axis), tmp_path)
    assert graph.types[graph.nodes[0].inputs[2]].quantization.axis == 0


def test_duplicate_and_missing_names(tmp_path: Path) -> None:
    """Inputs and outputs keep their names; everything else steps back."""
    tensors = [tensor("io", (1, 4, 4, 2)), weights(), bias(), tensor("", (1, 4, 4, 2))]
    tensors += [tensor("io", (1, 4, 4, 2)), tensor("out", (1, 4, 4, 2))]
    operators = [conv(), conv(inputs=(3, 1, 2), outputs=(4,)), conv(inputs=(4, 1, 2), outputs=(5,))]
    graph = load(file(tensors, operators, outputs=(5,)), tmp_path)
    assert (graph.inputs, graph.outputs) == (("io",), ("out",))
    assert [node.name for node in graph.nodes] == ["tensor_3", "io.2", "out"]


@pytest.mark.parametrize("name", ["*/ int main", 'a"b\n', "%s\0", "π" * 300, "../../etc/passwd"])
def test_hostile_names_are_kept(name: str, tmp_path: Path) -> None:
    tensors = [tensor(name, (1, 4, 4, 2)), *conv_tensors()[1:]]
    assert load(file(tensors), tmp_path).inputs == (name,)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    tensors = [*conv_tensors(), tensor("x2", (1, 4, 4, 2)), tensor("y2", (1, 4, 4, 2))]
    operators = [conv(), conv(inputs=(4, 1, 2), outputs=(5,))]
    graph = load(file(tensors, operators, inputs=(4, 0), outputs=(5, 3)), tmp_path)
    assert (graph.inputs, graph.outputs) == (("x2", "x"), ("y2", "y"))
    assert len(graph.constants) == 2


def test_new_operator_codes_win_over_the_deprecated_field(tmp_path: Path) -> None:
    code = fixed(BuiltinCode=tflite.BuiltinOperator.HASHTABLE, DeprecatedBuiltinCode=127)
    assert "HASHTABLE" in str(error(file(OperatorCode=code), tmp_path))
    old = fixed(BuiltinCode=0, DeprecatedBuiltinCode=tflite.BuiltinOperator.CONV_2D)
    assert load(file(OperatorCode=old), tmp_path).nodes[0].op.name == "conv2d"


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    tensors = [*conv_tensors(), *(tensor(f"t{i}", (1, 4, 4, 2)) for i in range(4))]
    operators = [
        operator("WHILE", [0], [4]),
        conv(inputs=(4, 1, 2), outputs=(5,), FusedActivationFunction="TANH"),
        operator("NON_MAX_SUPPRESSION_V5", [5, 5], [6]),
        conv(inputs=(6, 1, 2), StrideH=0),
    ]
    caught = error(file(tensors, operators), tmp_path)
    assert [each.code for each in caught.problems()] == [
        "unsupported-operator",
        "unsupported-attribute",
        "unsupported-operator",
        "unsupported-attribute",
    ]
    assert "node 2 (NON_MAX_SUPPRESSION_V5) 't2'" in str(caught)
    assert "TANH" in str(caught)
    assert "unroll=True" in caught.problems()[0].help


def _with(index: int, replacement: FileTensor) -> bytes:
    tensors = conv_tensors()
    tensors[index] = replacement
    return file(tensors)


def _twice(layout: OddLayout, fields: dict[str, object]) -> dict[str, object]:
    subgraph = layout.last["SubGraph"]
    return fields | {"Subgraphs": layout._offsets([subgraph, subgraph])}


def _scale(*scales: float) -> Change:
    return lambda layout, fields: fields | {"Scale": layout._numbers(scales, np.float32)}


_STRING = constant("s", np.zeros(3, np.uint8))


def _string_type(layout: object, fields: dict[str, object]) -> dict[str, object]:
    return fields | ({"Type": tflite.TensorType.STRING} if fields["Type"] == 3 else {})


BROKEN = {
    "uint8": (
        _with(0, tensor("x", (1, 4, 4, 2), DType.UINT8, None)),
        "unsupported-quantization",
        "'x', which is uint8 with no scale",
    ),
    "no scale": (
        _with(0, tensor("x", (1, 4, 4, 2), q=None)),
        "unsupported-quantization",
        "'x', which is int8 with no scale",
    ),
    "string": (
        file(Tensor=fixed(Type=tflite.TensorType.STRING)),
        "unsupported-tensor",
        "of type string",
    ),
    "variable": (file(Tensor=fixed(IsVariable=True)), "unsupported-tensor", "variable"),
    "custom": (
        file(OperatorCode=lambda _, f: f | {"BuiltinCode": 32, "DeprecatedBuiltinCode": 32}),
        "unsupported-operator",
        "CUSTOM",
    ),
    "two subgraphs": (file(Model=_twice), "multiple-subgraphs", "2 subgraphs"),
    "no subgraph": (
        file(Model=lambda o, f: f | {"Subgraphs": o._offsets([])}),
        "malformed-model",
        "no subgraph",
    ),
    "schema 4": (file(Model=fixed(Version=4)), "malformed-model", "schema version 4"),
    "no inputs": (file(inputs=()), "unsupported-graph", "'x' is read, but nothing"),
    "no outputs": (file(outputs=()), "unsupported-graph", "no outputs"),
    "input twice": (file(inputs=(0, 0)), "unsupported-graph", "twice"),
    "no operators": (file(operators=[]), "unsupported-graph", "nothing has made it"),
    "output never made": (
        file(operators=[conv(outputs=(0,))], inputs=(3,)),
        "unsupported-graph",
        "'x' is read, but nothing",
    ),
    "unknown tensor": (file(outputs=(9,)), "malformed-model", "tensor 9 does not exist"),
    "cycle": (file(operators=[conv(inputs=(3, 1, 2))]), "unsupported-graph", "'y' is read"),
    "made twice": (file(operators=[conv(), conv()]), "unsupported-graph", "'y' is made twice"),
    "overwrites an input": (
        file(operators=[conv(outputs=(0,))], outputs=(0,)),
        "unsupported-graph",
        "'x' is made twice",
    ),
    "unknown code": (
        file(Operator=fixed(OpcodeIndex=7)),
        "malformed-model",
        "operator 0 has code 7 of 1",
    ),
    "unknown buffer": (file(Tensor=fixed(Buffer=99)), "malformed-model", "buffer 99"),
    "wrong options": (
        file(Operator=fixed(BuiltinOptionsType=tflite.BuiltinOptions.AddOptions)),
        "unsupported-attribute",
        "AddOptions",
    ),
    "unknown padding": (
        file(Conv2DOptions=fixed(Padding=7)),
        "unsupported-attribute",
        "padding is 7",
    ),
    "absurd shape": (
        _with(0, tensor("x", (30000, 30000, 30000, 2))),
        "model-too-large",
        "54000000000000 bytes",
    ),
    "string output beside the network": (
        file([*conv_tensors(), _STRING], outputs=(3, 4), Tensor=_string_type),
        "unsupported-tensor",
        "the model uses 's', which is of type string",
    ),
    "absurd rank": (_with(0, tensor("x", (1,) * 9)), "unsupported-tensor", "rank 9"),
    "negative shape": (_with(0, tensor("x", (1, -7, 4, 2))), "unsupported-tensor", "-7"),
    "empty input": (
        _with(0, tensor("x", (1, 0, 4, 2))),
        "unsupported-tensor",
        "its shape is (1, 0, 4, 2), it has no elements",
    ),
    "rank 2 input": (_with(0, tensor("x", (1, 4))), "operator-misfit", "CONV_2D"),
    "wrong channels": (_with(0, tensor("x", (1, 4, 4, 3))), "operator-misfit", "3 channels"),
    "constant of wrong size": (
        file(Tensor=lambda _, f: f | {"Buffer": 1 if f["Buffer"] else 0}),
        "malformed-model",
        "constant 'b' has 36 bytes, its shape (2,) needs 8",
    ),
    "scales do not fit": (
        file(QuantizationParameters=_scale(1, 2, 3)),
        "unsupported-quantization",
        "3 scales",
    ),
    "scale nan": (
        file(QuantizationParameters=_scale(float("nan"))),
        "unsupported-quantization",
        "nan",
    ),
    "scale negative": (file(QuantizationParameters=_scale(-1)), "unsupported-quantization", "-1"),
    "scale of a mask": (
        file(QuantizationParameters=_scale(9.3e35)),
        "unsupported-quantization",
        "mask with -100 instead of -inf",
    ),
    "scale zero": (
        _with(0, tensor("x", (1, 4, 4, 2), q=QParams((0.0,), (3,)))),
        "unsupported-quantization",
        "with scale 0.0",
    ),
    "wrong output type": (
        _with(3, tensor("y", (1, 4, 4, 2), DType.INT16, QParams.per_tensor(0.5))),
        "unsupported-tensor",
        "CONV_2D of int8 makes int16 'y'; only int8 is supported there",
    ),
    "zero point": (
        _with(0, tensor("x", (1, 4, 4, 2), q=QParams((0.5,), (300,)))),
        "unsupported-quantization",
        "zero point 300",
    ),
    "intermediates": (
        file(Operator=lambda _, f: f | {"Intermediates": f["Outputs"]}),
        "unsupported-attribute",
        "intermediates",
    ),
    "float bias": (
        _with(2, constant("b", np.zeros(2, np.float32))),
        "unsupported-tensor",
        "CONV_2D takes int8 'x' with float32 'b'",
    ),
    "activation per channel": (
        _with(0, tensor("x", (1, 4, 4, 2), q=QParams((0.5, 0.25), (0, 0), 3))),
        "unsupported-quantization",
        "CONV_2D takes 'x' with 2 scales instead of one",
    ),
    "weights per wrong channel": (
        _with(1, constant("w", np.zeros((2, 3, 3, 2), np.int8), QParams.per_channel([1] * 3, 1))),
        "unsupported-quantization",
        "CONV_2D has 2 channels, but 'w' 3 scales",
    ),
    "int32 activations": (
        file(
            [tensor("x", (4,), DType.INT32), *conv_tensors()[1:3], tensor("y", (4,), DType.INT32)],
            [operator("RELU", [0], [3])],
        ),
        "unsupported-tensor",
        "RELU computes in int32",
    ),
    "absurd dilation": (
        file(operators=[conv(DilationHFactor=2**20, DilationWFactor=2**20)]),
        "model-too-large",
        "1048576",
    ),
    "quantize to float": (
        file(
            [*conv_tensors()[:3], tensor("y", X.shape, DType.FLOAT32, None)],
            [operator("QUANTIZE", [0], [3])],
        ),
        "unsupported-tensor",
        "QUANTIZE makes float32 'y' of int8 'x'",
    ),
    "absurd folding": (
        file(
            [
                tensor("x", X.shape),
                constant("c", np.zeros(X.shape, np.int8), Q),
                constant("pads", np.full((4, 2), 500, np.int32)),
                tensor("y", X.shape),
            ],
            [operator("PAD", [1, 2], [3])],
        ),
        "model-too-large",
        "bytes",
    ),
    "no options": (
        file(Operator=lambda _, f: {k: f[k] for k in ("OpcodeIndex", "Inputs", "Outputs")}),
        "unsupported-attribute",
        "stride (0, 0)",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_error(case: str, tmp_path: Path) -> None:
    data, code, text = BROKEN[case]
    caught = error(data, tmp_path)
    assert caught.code == code
    assert text in str(caught)


def test_every_truncation_is_an_error(tmp_path: Path) -> None:
    data, codes = file(), {"malformed-model", "unsupported-quantization"}
    for length in range(1, len(data) - 16):
        assert error(data[:length], tmp_path).code in codes


def test_shared_vectors_cannot_multiply_work(tmp_path: Path) -> None:
    """Many operators that all point at one long list of inputs would be quadratic."""

    def shared(layout: OddLayout, fields: dict[str, object]) -> dict[str, object]:
        inputs = layout.last.setdefault("inputs", layout._numbers([0] * 5000, np.int32))
        return fields | {"Inputs": inputs}

    data = file(operators=[conv()] * 2000, Operator=_once(shared))
    assert "more than the file can hold" in error(data, tmp_path).message


def _once(make: Change) -> Change:
    """Return a change that builds its vector for the first table and reuses it for the rest."""
    cache: dict[str, object] = {}

    def change(layout: OddLayout, fields: dict[str, object]) -> dict[str, object]:
        if not cache:
            cache["Inputs"] = make(layout, fields)["Inputs"]
        return fields | cache

    return change


def test_two_convolutions_round_trip(tmp_path: Path) -> None:
    graph = two_convolutions()
    back = load(write_tflite(graph), tmp_path)
    assert str(back).splitlines()[1:] == str(graph).splitlines()[1:]
    for name, data in graph.constants.items():
        assert np.array_equal(back.constants[name], data)
        assert back.types[name] == graph.types[name]


def test_axes_that_a_file_leaves_open_are_remarked_on(tmp_path: Path) -> None:
    """The file has shapes for one length: a batch needs no word, anything else does."""

    def opened(*signature: int) -> Change:
        def change(layout: OddLayout, fields: dict[str, Any]) -> dict[str, Any]:
            return fields | {"ShapeSignature": layout._numbers(signature, np.int32)}

        return change

    path = tmp_path / "model.tflite"
    path.write_bytes(file(Tensor=opened(-1, 4, 4, 2)))
    assert load_tflite(path).remarks == ()
    path.write_bytes(file(Tensor=opened(-1, -1, 4, 2)))
    (remark,) = load_tflite(path).remarks
    assert "input 'x': the file leaves axis 1 open, 1x4x4x2 is taken" in remark
