"""Average and maximum pools of int16: odd shapes, paddings, strides, halves."""

from itertools import product

from ops.case import Case, int16, op_case

from edgec.ops.layers.windows import Pads, Window, same_padding
from edgec.ops.operator import Activation
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.pooling.max_pool2d import MaxPool2D


def pool_cases(
    name: str,
    shape: tuple[int, int, int],
    kernel: tuple[int, int] = (2, 2),
    strides: tuple[int, int] = (1, 1),
    *,
    batch: int = 1,
    pads: Pads | str = "SAME",
    dilations: tuple[int, int] = (1, 1),
    activation: Activation = Activation.NONE,
    oracle: bool = True,
) -> list[Case]:
    """Return an average and a maximum pool of the same window."""
    if isinstance(pads, str):
        pads = same_padding(shape[:2], kernel, strides) if pads == "SAME" else (0, 0, 0, 0)
    window = Window(kernel, strides, dilations, pads)
    x = int16((batch, *shape), 2e-4)
    return [
        op_case(f"{op.name}_s16_{name}", op, [x], [x.qparams], oracle=oracle)
        for op in (
            AveragePool2D(window=window, activation=activation),
            MaxPool2D(window=window, activation=activation),
        )
    ]


CASES = [
    *(
        case
        for c, (kh, kw), s, pads in product(
            (1, 5, 8, 17), ((2, 2), (3, 4)), (1, 2), ("SAME", "VALID")
        )
        for case in pool_cases(
            f"c{c}_k{kh}x{kw}_s{s}_{pads.lower()}", (7, 6, c), (kh, kw), (s, s), pads=pads
        )
    ),
    *pool_cases("1x1_image", (1, 1, 3), (1, 1)),
    *pool_cases("global_odd", (7, 9, 33), (7, 9), pads="VALID"),
    *pool_cases("larger_than_image", (2, 3, 4), (5, 5)),
    *pool_cases("batch3", (5, 5, 6), (2, 3), (2, 2), batch=3),
    *(pool_cases(each.value.lower(), (6, 6, 4), activation=each)[0] for each in Activation),
    *(pool_cases(f"{each.value}_max", (6, 6, 4), activation=each)[1] for each in Activation),
    # TFLite spells only SAME and VALID for an average, and no dilation.
    pool_cases("pads", (6, 7, 17), (3, 3), (2, 2), pads=(0, 2, 0, 1), oracle=False)[0],
    pool_cases("pads", (6, 7, 17), (3, 3), (2, 2), pads=(0, 2, 0, 1))[1],
    *pool_cases("dilated", (9, 9, 5), (3, 2), dilations=(2, 3), pads=(1, 0, 2, 1), oracle=False),
]
