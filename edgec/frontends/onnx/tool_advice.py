"""What to do about operators that compression tools write: the option of the tool that helps."""

from collections.abc import Mapping

from edgec.frontends.onnx.qonnx import QONNX
from edgec.frontends.onnx.spelling import MICROSOFT

_BREVITAS_LSTM = (
    "QuantLSTM rounds inside of a step: train with torch.nn.LSTM, export the float model and give "
    "--calib, or quantize it by onnxruntime (quantize_static)"
)

TOOL_ADVICE: Mapping[str, str] = {
    f"{QONNX}::FloatQuant": "Brevitas: integers (Int8WeightPerTensorFloat, Int8ActPerTensorFloat) "
    "in place of minifloats",
    f"{QONNX}::MultiThreshold": "give the QONNX file from before the conversion to FINN "
    "(ConvertQONNXtoFINN)",
    f"{QONNX}::QuantLSTMCell": _BREVITAS_LSTM,
    f"{QONNX}::Trunc": "Brevitas: average in floats, then QuantIdentity (AdaptiveAvgPool2d in "
    "place of TruncAdaptiveAvgPool2d, AvgPool2d in place of TruncAvgPool2d)",
    f"{MICROSOFT}::MatMulBnb4": "onnxruntime: MatMulNBitsQuantizer in place of MatMulBnb4Quantizer",
    f"{MICROSOFT}::MatMulNBits": "onnxruntime: MatMulNBitsQuantizer with 2, 4 or 8 bits, and no "
    "order of groups (g_idx: GPTQ without actorder)",
}
"""Operator -> advice."""
