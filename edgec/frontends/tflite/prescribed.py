"""Outputs in a scale that TFLite's kernel does not make: in the prescribed one, then requantized.

LOGISTIC, TANH, SOFTMAX and their like have one output scale in TFLite's quantization specification,
and its kernels refuse to prepare another. Some converters write what the samples showed instead.
"""

from dataclasses import replace

from edgec.frontends.tflite.reader import FileModel, FileOperator, FileTensor
from edgec.ir import DType, QParams
from edgec.ops.activations.log_softmax import LogSoftmax
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.activations.tanh import Tanh
from edgec.ops.layers.l2_normalization import L2Normalization
from edgec.ops.operator import INT8_AND_INT16

_PRESCRIBING = {
    "L2_NORMALIZATION": L2Normalization(),
    "LOGISTIC": Logistic(),
    "LOG_SOFTMAX": LogSoftmax(),
    "SOFTMAX": Softmax(),
    "TANH": Tanh(),
}
_QUANTIZE_VERSION = 3  # with int16


def with_prescribed_outputs(model: FileModel) -> FileModel:
    """Return the model with a QUANTIZE behind operators whose output has another scale.

    Source: the TFLite 8-bit quantization specification; kernels/activations.cc of TFLite 2.14.
    """
    tensors, operators = list(model.tensors), list[FileOperator]()
    for operator in model.operators:
        prescribed = _prescribed(operator, model.tensors)
        if prescribed is None:
            operators.append(operator)
            continue
        (result,) = operator.outputs
        asked = model.tensors[result]
        tensors.append(replace(asked, name=f"{asked.name}/prescribed", qparams=prescribed))
        between = len(tensors) - 1
        operators.append(replace(operator, outputs=(between,)))
        operators.append(FileOperator("QUANTIZE", _QUANTIZE_VERSION, (between,), (result,), {}))
    if len(tensors) == len(model.tensors):
        return model
    return replace(model, tensors=tuple(tensors), operators=tuple(operators))


def _prescribed(operator: FileOperator, tensors: tuple[FileTensor, ...]) -> QParams | None:
    """Return the output scale that the kernel makes, where the file has another."""
    op = _PRESCRIBING.get(operator.op)
    if op is None or len(operator.outputs) != 1:
        return None
    kind, q = tensors[operator.outputs[0]].dtype, tensors[operator.outputs[0]].qparams
    read = {tensors[each].dtype for each in operator.inputs if each is not None}
    if kind not in INT8_AND_INT16 or read != {kind} or q is None or q.axis is not None:
        return None
    if kind is DType.INT16 and q.zero_point:  # nothing makes these
        return None
    made = op.prescribed(kind)
    return made if made != q else None
