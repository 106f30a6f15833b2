"""ESP-PPQ: quantized for ESP-DL, exported for onnxruntime, and as the .espdl file of the tool.

pip install torch onnx onnxscript onnxruntime esp-ppq; python with_esp_ppq.py
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from esp_ppq.api import espdl_quantize_torch, export_ppq_graph
from esp_ppq.core import TargetPlatform
from samples import SHAPES
from torch_nets import calibration, keep_onnx, trained

_TOOL = "esp_ppq"


def main() -> None:
    """Write the files of the networks that it has operators for.

    Of the LSTM it writes nothing, of attention a file that onnxruntime rejects: Reshape has an
    attribute of later opsets than the file says.
    """
    for net in ("cnn", "mlp"):
        for target, bits in (("esp32p4", 8), ("esp32p4", 16), ("c", 8)):
            keep_onnx(_TOOL, f"{net}.{target}_{bits}.onnx", partial(_made, net, target, bits))


def _made(net: str, target: str, bits: int) -> bytes:
    with TemporaryDirectory() as folder:
        graph = espdl_quantize_torch(
            trained(net),
            str(Path(folder) / "model.espdl"),
            list(calibration(net)),
            calib_steps=32,
            input_shape=[1, *SHAPES[net]],
            target=target,
            num_of_bits=bits,
            device="cpu",
            error_report=False,
            collate_fn=lambda row: row.to(torch.float32),
            opset_version=13,
        )
        path = Path(folder) / "quantized.onnx"
        export_ppq_graph(graph, TargetPlatform.ONNXRUNTIME, str(path))
        return path.read_bytes()


if __name__ == "__main__":
    main()
