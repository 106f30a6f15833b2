"""AIMET: a simulation of quantization, exported with QuantizeLinear and DequantizeLinear.

pip install torch onnx onnxscript onnxruntime aimet-torch; python with_aimet.py
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import aimet_torch
from aimet_torch import QuantizationSimModel
from aimet_torch.batch_norm_fold import fold_all_batch_norms
from aimet_torch.model_preparer import prepare_model
from torch_nets import NETS, calibration, example, keep_onnx, trained

_TOOL = "aimet"
VARIANTS = {
    "u8": {},
    "stored": {"force_activation_as": "signed", "prequantize_constants": True},
    "w4": {"prequantize_constants": True},
    "a16": {"prequantize_constants": True},
}


def main() -> None:
    """Write every file of every network; one of the LSTM, which is large."""
    for net in NETS:
        for variant in VARIANTS if net != "lstm" else ("stored",):
            keep_onnx(_TOOL, f"{net}.{variant}.onnx", partial(_made, net, variant))


def _made(net: str, variant: str) -> bytes:
    model = trained(net)
    if net == "attention":  # products and softmax become modules, else they stay in float
        model = prepare_model(model)
    fold_all_batch_norms(model, None, dummy_input=example(net))
    simulation = QuantizationSimModel(
        model,
        example(net),
        default_param_bw=4 if variant == "w4" else 8,
        default_output_bw=16 if variant == "a16" else 8,
    )
    simulation.compute_encodings(lambda each: [each(row) for row in calibration(net)])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        aimet_torch.onnx.export(
            simulation,
            example(net),
            str(path),
            opset_version=21 if variant in {"w4", "a16"} else 17,
            dynamo=False,
            input_names=["x"],
            output_names=["y"],
            **VARIANTS[variant],
        )
        return path.read_bytes()


if __name__ == "__main__":
    main()
