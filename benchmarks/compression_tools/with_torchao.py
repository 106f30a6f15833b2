"""PyTorch: PT2E by torchao, quantization-aware training with FakeQuantize; QDQ by torch.onnx.

pip install torch onnx onnxscript onnxruntime torchao; python with_torchao.py
"""

from functools import partial

import torch
from torch import nn
from torch_nets import (
    NETS,
    calibration,
    example,
    exported,
    keep_onnx,
    trained,
)
from torchao.quantization.pt2e import (
    FakeQuantize,
    MovingAverageMinMaxObserver,
    MovingAveragePerChannelMinMaxObserver,
    move_exported_model_to_eval,
)
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torchao.testing.pt2e._xnnpack_quantizer import (
    XNNPACKQuantizer,
    get_symmetric_quantization_config,
)

_TOOL = "torchao"


def main() -> None:
    """Write every file of every network."""
    for net in NETS:
        keep_onnx(_TOOL, f"{net}.pt2e.onnx", partial(_pt2e, net, training=False))
        keep_onnx(_TOOL, f"{net}.qat.onnx", partial(_pt2e, net, training=True))
        if net != "lstm":
            keep_onnx(_TOOL, f"{net}.fake.onnx", partial(_fake, net))


def _pt2e(net: str, *, training: bool) -> bytes:
    model = trained(net)
    config = get_symmetric_quantization_config(is_per_channel=True, is_qat=training)
    quantizer = XNNPACKQuantizer().set_global(config)
    program = torch.export.export(model, (example(net),)).module()
    prepared = (prepare_qat_pt2e if training else prepare_pt2e)(program, quantizer)
    for row in calibration(net):
        prepared(row)
    if training:
        move_exported_model_to_eval(prepared)
    return exported(convert_pt2e(prepared), net, dynamo=True)


class _Marked(nn.Module):
    """A layer with fake quantization of its weights and of its result."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.result = _activation()
        self.weights = FakeQuantize(
            MovingAveragePerChannelMinMaxObserver,
            quant_min=-128,
            quant_max=127,
            dtype=torch.qint8,
            qscheme=torch.per_channel_symmetric,
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.weights(self.layer.weight)
        if isinstance(self.layer, nn.Conv2d):
            y = nn.functional.conv2d(
                x,
                weight,
                self.layer.bias,
                self.layer.stride,
                self.layer.padding,
                groups=self.layer.groups,
            )
        else:
            y = nn.functional.linear(x, weight, self.layer.bias)
        return self.result(y)


def _activation() -> nn.Module:
    return FakeQuantize(
        MovingAverageMinMaxObserver,
        quant_min=0,
        quant_max=255,
        dtype=torch.quint8,
        qscheme=torch.per_tensor_affine,
    )


def _fake(net: str) -> bytes:
    """Return a network with FakeQuantize around its layers, in the TorchScript exporter's ONNX."""
    model = _fused(trained(net))
    for name, layer in list(model.named_modules()):
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            model.set_submodule(name, _Marked(layer))
    model = nn.Sequential(_activation(), model)
    trained(net, model, steps=5)
    for each in model.modules():
        if isinstance(each, FakeQuantize):
            each.disable_observer()
    return exported(model, net)


def _fused(model: nn.Module) -> nn.Module:
    for block in model.modules():
        if isinstance(block, nn.Sequential) and isinstance(block[0], nn.Conv2d):
            block[0] = nn.utils.fusion.fuse_conv_bn_eval(block[0], block[1])
            block[1] = nn.Identity()
    return model


if __name__ == "__main__":
    main()
