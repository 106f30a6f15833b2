"""Intel Neural Compressor: static quantization by PT2E, exported by torch.onnx.

pip install torch onnx onnxscript onnxruntime torchao neural-compressor-pt
"""

from functools import partial

from neural_compressor.torch.export import export
from neural_compressor.torch.quantization import convert, get_default_static_config, prepare
from torch_nets import (
    NETS,
    calibration,
    example,
    exported,
    keep_onnx,
    trained,
)

_TOOL = "neural_compressor"


def main() -> None:
    """Write the file of every network."""
    for net in NETS:
        keep_onnx(_TOOL, f"{net}.static.onnx", partial(_made, net))


def _made(net: str) -> bytes:
    program = export(trained(net), example_inputs=(example(net),))
    prepared = prepare(program, get_default_static_config())
    for row in calibration(net):
        prepared(row)
    return exported(convert(prepared), net, dynamo=True)


if __name__ == "__main__":
    main()
