"""NNCF: post-training quantization of a PyTorch model or of an ONNX file.

pip install torch onnx onnxscript onnxruntime nncf; python with_nncf.py
"""

from functools import partial

import nncf
import onnx
from torch_nets import (
    NETS,
    calibration,
    example,
    exported,
    keep_onnx,
    trained,
)

_TOOL = "nncf"


def main() -> None:
    """Write every file of every network."""
    for net in NETS:
        keep_onnx(_TOOL, f"{net}.onnx.onnx", partial(_of_onnx, net))
        keep_onnx(_TOOL, f"{net}.torch.onnx", partial(_of_torch, net))


def _of_onnx(net: str) -> bytes:
    model = onnx.load_model_from_string(exported(trained(net), net))
    rows = nncf.Dataset(list(calibration(net)), lambda row: {"x": row.numpy()})
    return bytes(nncf.quantize(model, rows).SerializeToString())


def _of_torch(net: str) -> bytes:
    rows = nncf.Dataset(list(calibration(net)))
    made = nncf.quantize(trained(net), rows)
    return exported(nncf.strip(made, example_input=example(net)), net)


if __name__ == "__main__":
    main()
