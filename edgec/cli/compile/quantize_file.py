"""``edgec quantize``: a float model becomes an int8 .tflite file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from edgec.cli.compile.quality_lines import show_quality
from edgec.cli.compile.quantization_options import (
    AllowPoor,
    Calib,
    Calibration,
    Effort,
    MaxDrop,
    Metric,
    ModelFile,
    Prune,
    QuantizeTo,
    Shape,
    StateOf,
)
from edgec.cli.compile.width_table import show_widths
from edgec.cli.failures import end_if
from edgec.cli.shared_options import Json, Verbose
from edgec.cli.terminal import plain, print_json, print_warnings, progress, results
from edgec.driver.compile.quantize_file import QuantizeResult, quantize_file
from edgec.driver.options import BuildOptions
from edgec.frontends.shapes import joined


def quantize(
    model: ModelFile,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The .tflite file to write.")],
    calib: Calib = "",
    calibration: Calibration = "auto",
    quantize: QuantizeTo = "",
    effort: Effort = "best",
    max_drop: MaxDrop = "",
    metric: Metric = "",
    prune: Prune = "",
    shape: Shape = None,
    state: StateOf = "",
    allow_poor: AllowPoor = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Quantize a float model and write it as .tflite; builds nothing else."""
    options = BuildOptions(
        model=model,
        calib=calib,
        calibration=calibration,
        quantize=quantize,
        effort=effort,
        max_drop=max_drop,
        metric=metric,
        prune=prune,
        shape=joined(shape),
        state=state,
        allow_poor=allow_poor,
    )
    with progress(quiet=json) as drawn:
        result = quantize_file(options, output, drawn)
    print_warnings(result.warnings, result.remarks)
    if json:
        made = result.quantization
        quality = made.to_json() if made else None
        warnings = list(result.warnings)
        accuracy = made.accuracy_json() if made else None
        document = {
            "path": str(output),
            "bytes": result.size,
            "quantization": quality,
            "accuracy": accuracy,
            "accuracies": made.accuracies_json() if made else [],
        }
        print_json({**document, "warnings": warnings})
    else:
        _show(result)
    end_if(result.missed)


def _show(result: QuantizeResult) -> None:
    console = results()
    console.print(Text(f"{plain(result.path)}: {result.size:,} bytes", style="bold"))
    if result.quantization is None:
        console.print("the model was quantized already: written as it is")
        return
    made = result.quantization
    console.print(f"{made.quantized.recipe}", soft_wrap=True)
    show_quality(console, {"quantization": made.to_json(), "accuracy": made.accuracy_json()})
    show_widths(console, made.widths.to_json() if made.widths else None)
