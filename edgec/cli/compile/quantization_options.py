"""Options of every command that quantizes a model."""

from typing import Annotated

import typer

Calib = Annotated[
    str,
    typer.Option("--calib", help="Samples (.npz) to quantize a float model with; or: random."),
]
Calibration = Annotated[
    str,
    typer.Option(
        "--calibration",
        metavar="HOW",
        help="auto, minmax, moving-average, percentile, entropy or mse. [auto]",
    ),
]
QuantizeTo = Annotated[
    str,
    typer.Option(
        "--quantize", metavar="TO", help="int8, int16x8 or auto. [int8; auto with --max-drop]"
    ),
]
Effort = Annotated[
    str, typer.Option("--effort", help="best, or fast: calibrate and round, no more. [best]")
]
MaxDrop = Annotated[
    str,
    typer.Option(
        "--max-drop",
        metavar="DROP",
        help="int16 where needed for this: 0.5 (points of accuracy) or 30dB (output SQNR).",
    ),
]
Metric = Annotated[
    str,
    typer.Option(
        "--metric",
        metavar="NAME",
        help="What labels judge by, where another than what suits: top-1, accuracy, auc, f1, iou, "
        "mae, r2, ap ...",
    ),
]
Prune = Annotated[
    str, typer.Option("--prune", metavar="WHAT", help="channels=0.25 or weights=0.5[,global].")
]
Shape = Annotated[
    list[str] | None,
    typer.Option(
        "--shape",
        metavar="NAME=1,1,28,28",
        help="The shape of an input whose file leaves axes open; once per input.",
    ),
]
StateOf = Annotated[
    str,
    typer.Option(
        "--state",
        metavar="H_IN=H_OUT",
        help="Keep an output as an input of the next run, from zero; several: with commas. "
        "none: a TFLite file's own states too begin every run from zero; keep: they do not.",
    ),
]
AllowPoor = Annotated[
    bool,
    typer.Option(
        "--allow-poor",
        help="Take a file whose stated quantization is below 10 dB all the same, with a warning.",
    ),
]
ModelFile = Annotated[str, typer.Argument(help="An ONNX or TFLite file.", show_default=False)]
