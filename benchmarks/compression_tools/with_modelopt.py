"""NVIDIA ModelOpt: explicit QDQ as TensorRT wants it, also with half precision around.

pip install torch onnx onnxscript onnxruntime nvidia-modelopt; python with_modelopt.py
"""

from functools import partial
from typing import Any

import modelopt.torch.quantization as mtq
from torch_nets import (
    calibration,
    exported,
    keep_onnx,
    trained,
)

_TOOL = "modelopt"


def main() -> None:
    """Write the files of the networks; that of the LSTM is too large to keep."""
    for net in ("cnn", "mlp", "attention"):
        keep_onnx(_TOOL, f"{net}.int8.onnx", partial(_made, net, mtq.INT8_DEFAULT_CFG))
        keep_onnx(_TOOL, f"{net}.smooth.onnx", partial(_made, net, mtq.INT8_SMOOTHQUANT_CFG))


def _made(net: str, config: Any) -> bytes:
    def calibrate(model: Any) -> None:
        for row in calibration(net):
            model(row)

    return exported(mtq.quantize(trained(net), config, calibrate), net)


if __name__ == "__main__":
    main()
