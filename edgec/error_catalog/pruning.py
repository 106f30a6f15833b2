"""Errors about pruning."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "invalid-prune",
        "what to prune could not be understood",
        meaning="""
            --prune says what share to remove: of channels (filters and neurons), of weights, or of
            both, separated by commas. `global` takes the share from the whole network, where the
            smallest are, instead of from each layer. Shares are above 0 and below 1.
        """,
        example="edgec build m.onnx -b stm32 --calib c.npz --prune channels=25",
        remedy="""
            Write for instance

                --prune channels=0.25
                --prune weights=0.5,global
        """,
    ),
    page(
        "prune-needs-float",
        "a quantized model cannot be pruned",
        meaning="""
            What is left after pruning is fitted again to calibration samples, in float, before it
            is quantized. The integers of a quantized model leave no room for that.
        """,
        example="edgec build m_int8.tflite -b stm32 --prune channels=0.25",
        remedy="Give the float model (ONNX or TFLite) and samples with --calib.",
    ),
    page(
        "nothing-to-prune",
        "the share asked for is less than one channel or weight",
        meaning="""
            Channels of inputs and outputs of the model stay, and those that meet them in an
            addition or in an operator that mixes channels. Every layer keeps at least one.
        """,
        example="--prune channels=0.25 on a model with one fully connected layer",
        remedy="Ask for a larger share, use --prune weights=..., or leave the option out.",
    ),
)
