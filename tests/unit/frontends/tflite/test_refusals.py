"""Operators that are not compiled: refused by the right name, once per cause, with what to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from tflite_files import OddLayout, X, constant, conv, conv_tensors, file, operator, tensor
from tflite_subgraphs import streaming

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType


class _Custom(OddLayout):
    """Writes operators called "CUSTOM name" as such."""

    def _code(self, code: str, version: int) -> int:
        builtin, _, name = code.partition(" ")
        if not name:
            return super()._code(builtin, version)
        number = tflite.BuiltinOperator.CUSTOM
        text = self._text(name)
        return self._table(
            "OperatorCode",
            DeprecatedBuiltinCode=number,
            CustomCode=text,
            Version=version,
            BuiltinCode=number,
        )


def problems(data: bytes, folder: Path) -> Sequence[EdgecError]:
    path = folder / "model.tflite"
    path.write_bytes(data)
    with pytest.raises(EdgecError) as caught:
        load_tflite(path)
    return caught.value.problems()


def chain(*codes: str) -> bytes:
    """Return x -> codes, one after the other -> convolution -> y."""
    tensors = [*conv_tensors(), *(tensor(f"t{n}", X.shape) for n in range(len(codes)))]
    operators = [operator(code, [0 if n == 0 else 3 + n], [4 + n]) for n, code in enumerate(codes)]
    operators.append(conv(inputs=(3 + len(codes), 1, 2)))
    return _Custom({}).model("main", tensors, operators, [0], [3])


@pytest.mark.parametrize(
    ("code", "reason", "remedy"),
    [
        ("CUSTOM ethos-u", "Ethos-U", "before Vela"),
        ("CUSTOM edgetpu-custom-op", "Edge TPU", "before edgetpu_compiler"),
        ("CUSTOM edgetpu-custom-op-v2", "Edge TPU", "before edgetpu_compiler"),
        ("CUSTOM PosenetDecoderOp", "PoseNet", "heatmaps"),
        ("CUSTOM TFLite_Detection_PostProcess", "non-maximum suppression", "end the model before"),
        ("CUSTOM FlexTensorListReserve", "recurrent layer", "unroll=True"),
        ("CUSTOM FlexErf", "SELECT_TF_OPS", "TFLITE_BUILTINS"),
        ("CUSTOM FlexRandomUniform", "random", "inference"),
        ("CUSTOM SignalWindow", "audio front end", "in the application"),
        ("CUSTOM MaxUnpooling2D", "MediaPipe", "strided"),
        ("CUSTOM mine", "TFLite itself does not have", "allow_custom_ops"),
        ("RANDOM_UNIFORM", "random", "inference"),
        ("RANDOM_STANDARD_NORMAL", "random", "inference"),
        ("MULTINOMIAL", "random", "inference"),
        ("NON_MAX_SUPPRESSION_V4", "suppression", "end the model before"),
        ("NON_MAX_SUPPRESSION_V5", "suppression", "end the model before"),
        ("HASHTABLE_FIND", "looked up", "in the application"),
        ("WHERE", "depends on the data", "fixed shapes"),
        ("UNIQUE", "depends on the data", "fixed shapes"),
        ("WHILE", "loop", "unroll=True"),
        ("IF", "branch", "tf.where"),
        ("STABLEHLO_ADD", "StableHLO", "TFLiteConverter"),
        ("RFFT2D", "Fourier", "magnitudes"),
        ("VAR_HANDLE", "resource variables", "--state"),
    ],
)
def test_by_name(code: str, reason: str, remedy: str, tmp_path: Path) -> None:
    (problem,) = problems(chain(code), tmp_path)
    assert problem.code == "unsupported-operator"
    assert problem.message.startswith(f"{code} (makes 't0') is not supported")
    assert reason in problem.message
    assert remedy in problem.help
    assert problem.place.inside == f"node 0 ({code}) 't0'"
    ends_before = code.startswith(("NON_MAX", "CUSTOM Posenet", "CUSTOM TFLite_Detection"))
    assert problem.notes == (("it reads 'x'",) if ends_before else ())


def test_one_problem_per_cause(tmp_path: Path) -> None:
    lists = ["CUSTOM FlexTensorListReserve", "WHILE", "CUSTOM FlexTensorListStack"]
    others = ["CUSTOM SignalWindow", "CUSTOM SignalRfft", "CUSTOM SignalRfft", "L2_POOL_2D"]
    first, second, third = problems(chain(*lists, *others), tmp_path)
    assert all(each in first.message for each in lists)
    assert "CUSTOM SignalWindow, CUSTOM SignalRfft (2 times) are not supported" in second.message
    assert second.notes == (
        "also node 4 (CUSTOM SignalRfft) 't4'",
        "also node 5 (CUSTOM SignalRfft) 't5'",
    )
    assert third.message == "L2_POOL_2D (makes 't6') is not supported"


def test_many_of_one_kind_are_counted(tmp_path: Path) -> None:
    (problem,) = problems(chain(*["CUSTOM mine"] * 40), tmp_path)
    assert "CUSTOM mine (40 times)" in problem.message
    assert problem.notes[-1] == "and 36 more"


def test_a_streaming_model_has_one_problem(tmp_path: Path) -> None:
    """Operators without outputs and tensors that are handles are no problems of their own."""
    (problem,) = problems(streaming(), tmp_path)
    for code in ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"):
        assert code in problem.message
    assert problem.place.inside == "node 0 (CALL_ONCE)"


def _through(kind: DType, *readers: FileOperator) -> bytes:
    """Return x -> custom -> a tensor of a kind without scale -> readers of tensors 1 to 3."""
    tensors = [
        tensor("x", (1, 4), kind, None),
        tensor("made", (1, 4), kind, None),
        tensor("moved", (4, 1), kind, None),
        tensor("y", (1, 2, 2), DType.FLOAT32, None),
        constant("shape", np.array([4, 1], np.int32)),
    ]
    first = operator("CUSTOM mine", [0], [1])
    return _Custom({}).model("main", tensors, [first, *readers], [0], [3])


@pytest.mark.parametrize("kind", [DType.INT16, DType.INT64, DType.UINT8, DType.INT8])
def test_what_reads_it_is_not_complained_of(kind: DType, tmp_path: Path) -> None:
    """Neither the tensor it makes, nor what is moved from there, nor what it reads itself."""
    readers = (operator("RESHAPE", [1, 4], [2]), operator("DEQUANTIZE", [2], [3]))
    (problem,) = problems(_through(kind, *readers), tmp_path)
    assert "CUSTOM mine" in problem.message


def test_a_shape_that_follows_from_it_is_not_complained_of(tmp_path: Path) -> None:
    tensors = [
        tensor("x", (1, 4), DType.FLOAT32, None),
        tensor("size", (2,), DType.INT32, None),
        tensor("sum", (2,), DType.INT32, None),
        tensor("y", (2, 2), DType.FLOAT32, None),
        constant("one", np.array([1, 1], np.int32)),
    ]
    operators = [
        operator("CUSTOM mine", [0], [1]),
        FileOperator("ADD", 1, [1, 4], [2], "AddOptions", {}),
        operator("RESHAPE", [0, 2], [3]),
    ]
    (problem,) = problems(_Custom({}).model("main", tensors, operators, [0], [3]), tmp_path)
    assert "CUSTOM mine" in problem.message


def test_problems_of_their_own_are_told_all_the_same(tmp_path: Path) -> None:
    tensors = [*conv_tensors(), tensor("t", X.shape)]
    odd: dict[str, Any] = {"FusedActivationFunction": "TANH"}
    operators = [operator("CUSTOM mine", [0], [4]), conv(inputs=(4, 1, 2), **odd)]
    data = _Custom({}).model("main", tensors, operators, [0], [3])
    first, second = problems(data, tmp_path)
    assert "CUSTOM mine" in first.message
    assert "TANH" in second.message


def test_tensors_of_one_kind_are_told_of_together(tmp_path: Path) -> None:
    """Forty times the same trouble is one problem with the first places."""
    tensors = [tensor("x", (4,), DType.FLOAT32, None)]
    tensors += [tensor(f"t{n}", (4,), DType.INT8, None) for n in range(6)]
    operators = [operator("QUANTIZE", [0], [1 + n]) for n in range(6)]
    data = file(tensors, operators, outputs=range(1, 7))
    (problem,) = problems(data, tmp_path)
    assert problem.message == "QUANTIZE uses 't0', which is int8 with no scale"
    assert problem.notes == (
        "also tensor 't1'",
        "also tensor 't2'",
        "also tensor 't3'",
        "and 2 more",
    )
