"""onnxruntime.quantization: QDQ, QOperator, dynamic, int4 blocks, half precision around.

pip install torch onnx onnxscript onnxruntime; python with_onnxruntime.py
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel
from torch_nets import NETS, calibration, exported, keep_onnx, trained

_TOOL = "onnxruntime"
_SYMMETRIC = {"ActivationSymmetric": True, "WeightSymmetric": True}
STATIC: Mapping[str, Mapping[str, Any]] = {
    "qdq": {"activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8},
    "qdq_u8": {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8},
    "qdq_16": {
        "activation_type": QuantType.QInt16,
        "weight_type": QuantType.QInt8,
        "extra_options": _SYMMETRIC,
    },
    "qdq_int4": {
        "activation_type": QuantType.QInt8,
        "weight_type": QuantType.QInt4,
        "op_types_to_quantize": ["MatMul", "Gemm", "Conv", "Relu", "Add"],
    },
    "qdq_tensorrt": {
        "activation_type": QuantType.QInt8,
        "weight_type": QuantType.QInt8,
        "per_channel": True,
        "extra_options": {**_SYMMETRIC, "AddQDQPairToWeight": True, "QuantizeBias": False},
    },
    "qop_u8": {
        "activation_type": QuantType.QUInt8,
        "weight_type": QuantType.QUInt8,
        "per_channel": False,
        "quant_format": QuantFormat.QOperator,
    },
}


_NOT_KEPT = {("attention", "qdq_u8")}
_OF_LSTM = {"qdq", "qdq_u8", "qop_u8"}


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # it comes untyped
    def __init__(self, net: str) -> None:
        self.rows: Iterator[Any] = iter(calibration(net))

    def get_next(self) -> dict[str, Any] | None:
        row = next(self.rows, None)
        return None if row is None else {"x": row.numpy()}


def main() -> None:
    """Write every file of every network."""
    for net in NETS:
        with TemporaryDirectory() as name:
            folder = Path(name)
            floats = folder / "float.onnx"
            floats.write_bytes(exported(trained(net), net, opset=21))
            prepared = folder / "prepared.onnx"
            quant_pre_process(str(floats), str(prepared))
            for variant, options in STATIC.items():
                if (net == "lstm" and variant not in _OF_LSTM) or (net, variant) in _NOT_KEPT:
                    continue
                made = folder / f"{variant}.onnx"
                quantize_static(str(prepared), str(made), _Reader(net), **options)
                _keep(net, variant, made.read_bytes())
                if variant == "qdq_tensorrt":
                    _keep(net, "qdq_tensorrt_half", _in_halves(made))
            made = folder / "dynamic.onnx"
            quantize_dynamic(str(prepared), str(made), weight_type=QuantType.QInt8)
            _keep(net, "dynamic", made.read_bytes())
            if net == "attention":  # of the others nothing is a MatMul of constants
                _keep(net, "int4_blocks", _in_blocks(floats, QuantFormat.QOperator))
                _keep(net, "qdq_int4_blocks", _in_blocks(floats, QuantFormat.QDQ))


def _in_halves(path: Path) -> bytes:
    """Return a file with float16 in place of float32: between the layers, and as scales."""
    halves = convert_float_to_float16(onnx.load(path), op_block_list=[], keep_io_types=True)
    model = OnnxModel(halves)
    model.topological_sort()
    return bytes(model.model.SerializeToString())


def _in_blocks(path: Path, form: QuantFormat) -> bytes:
    """Return a file whose matrices are int4 with a scale per block of 16."""
    model = onnx.load(path)
    quantizer = MatMulNBitsQuantizer(
        model, block_size=16, is_symmetric=True, quant_format=form, op_types_to_quantize=("MatMul",)
    )
    quantizer.process()
    return bytes(quantizer.model.model.SerializeToString())


def _keep(net: str, variant: str, data: bytes) -> None:
    keep_onnx(_TOOL, f"{net}.{variant}.onnx", lambda: data)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
