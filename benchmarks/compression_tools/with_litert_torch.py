"""LiteRT Torch: PyTorch to TFLite, in floats and quantized by PT2E.

pip install torch litert-torch; python with_litert_torch.py
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import litert_torch
import torch
from litert_torch.quantize.pt2e_quantizer import PT2EQuantizer, get_symmetric_quantization_config
from litert_torch.quantize.quant_config import QuantConfig
from samples import written
from tflite_answers import keep_tflite
from torch_nets import NETS, calibration, example, test_samples, trained
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

_TOOL = "litert_torch"


def main() -> None:
    """Write every file of every network."""
    for net in NETS:
        for variant, make in (("float", _float), ("pt2e", _pt2e)):
            if (net, variant) == ("lstm", "pt2e"):
                continue  # too large to keep
            name = f"{net}.{variant}.tflite"
            keep_tflite(_TOOL, name, written(_TOOL, name, partial(make, net)), test_samples(net))


def _float(net: str) -> bytes:
    return _written(litert_torch.convert(trained(net), (example(net),)))


def _pt2e(net: str) -> bytes:
    given = get_symmetric_quantization_config(is_per_channel=True)
    quantizer = PT2EQuantizer().set_global(given)
    program = torch.export.export(trained(net), (example(net),)).module()
    prepared = prepare_pt2e(program, quantizer)
    for row in calibration(net):
        prepared(row)
    made = convert_pt2e(prepared, fold_quantize=False)
    config = QuantConfig(pt2e_quantizer=quantizer)
    return _written(litert_torch.convert(made, (example(net),), quant_config=config))


def _written(model) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        model.export(str(path))
        return path.read_bytes()


if __name__ == "__main__":
    main()
