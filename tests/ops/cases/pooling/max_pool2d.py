"""Maximum pooling: odd shapes, 1 to 17 channels, all paddings and strides."""

from itertools import product

from ops.case import Case, int8, op_case

from edgec.ops.layers.windows import Pads, Window, same_padding
from edgec.ops.operator import Activation
from edgec.ops.pooling.max_pool2d import MaxPool2D


def max_case(
    name: str,
    shape: tuple[int, int, int],
    kernel: tuple[int, int] = (2, 2),
    strides: tuple[int, int] = (1, 1),
    *,
    batch: int = 1,
    pads: Pads | str = "SAME",
    dilations: tuple[int, int] = (1, 1),
    activation: Activation = Activation.NONE,
    quantization: tuple[float, int] = (0.05, -5),
    oracle: bool = True,
) -> Case:
    if isinstance(pads, str):
        pads = same_padding(shape[:2], kernel, strides) if pads == "SAME" else (0, 0, 0, 0)
    op = MaxPool2D(window=Window(kernel, strides, dilations, pads), activation=activation)
    x = int8((batch, *shape), *quantization)
    return op_case(f"max_pool2d_{name}", op, [x], [x.qparams], oracle=oracle)


CASES = [
    *(
        max_case(f"c{c}_k{kh}x{kw}_s{s}_{pads.lower()}", (7, 6, c), (kh, kw), (s, s), pads=pads)
        for c, (kh, kw), s, pads in product(
            (1, 5, 16, 17), ((2, 2), (3, 3), (1, 4)), (1, 2), ("SAME", "VALID")
        )
    ),
    max_case("1x1_image", (1, 1, 3), (1, 1)),
    max_case("global_odd", (7, 9, 33), (7, 9), pads="VALID"),
    max_case("larger_than_image", (2, 3, 4), (5, 5)),
    max_case("uneven_strides", (10, 9, 4), (3, 2), (2, 3)),
    max_case("batch3", (5, 5, 6), (2, 3), (2, 2), batch=3),
    max_case("relu", (6, 6, 4), activation=Activation.RELU, quantization=(0.05, 10)),
    max_case("relu6", (6, 6, 4), activation=Activation.RELU6, quantization=(0.05, -60)),
    max_case(
        "relu_n1_to_1", (6, 6, 17), activation=Activation.RELU_N1_TO_1, quantization=(0.02, 3)
    ),
    max_case("explicit_pads", (8, 8, 5), (3, 3), (2, 2), pads=(1, 1, 1, 1)),
    max_case("pads_one_side", (6, 7, 17), (3, 3), (2, 2), pads=(0, 2, 0, 1)),
    # TFLite's pools have no dilation.
    max_case("dilated", (9, 9, 5), (3, 2), dilations=(2, 3), pads=(1, 0, 2, 1), oracle=False),
]
