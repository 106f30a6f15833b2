"""``edgec run``: samples in, outputs out, on the emulator or on this machine."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from edgec.cli.shared_options import Json, On, OutFolder, Verbose
from edgec.cli.terminal import add_row, plain, print_json, print_warnings, progress, results, table
from edgec.driver import RunResult
from edgec.driver import run as run_model

_TOP = 3
_SHOWN_SAMPLES = 10


def run(
    out: OutFolder,
    *,
    input: Annotated[
        Path | None, typer.Option("--input", "-i", help="Samples (.npz). [one random]")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the outputs to this .npz.")
    ] = None,
    on: On = "emulator",
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Run inputs through the built firmware."""
    with progress(quiet=json) as drawn:
        result = run_model(out, input, output, on, drawn)
    print_warnings(result.warnings)
    if json:
        print_json(_document(result))
    else:
        _show(result, output)


def _document(result: RunResult) -> dict[str, Any]:
    return {
        "samples": result.samples,
        "outputs": {name: array.tolist() for name, array in result.outputs.items()},
        "instructions": result.instructions,
    }


def _show(result: RunResult, output: Path | None) -> None:
    console = results()
    made = table("sample", "output", "shape", f"largest {_TOP} (index: value)", numbers=("sample",))
    names = [name for name in result.outputs if name not in result.twins]
    for sample in range(min(result.samples, _SHOWN_SAMPLES)):
        for name in names:
            values = result.outputs[name][sample]
            shape = "x".join(map(str, values.shape)) or "1"
            add_row(made, sample, name, shape, _largest(values))
    console.print(made)
    if result.samples > _SHOWN_SAMPLES:
        console.print(f"and {result.samples - _SHOWN_SAMPLES} more samples")
    if result.instructions:
        console.print(f"\n{_counts(result.instructions)} instructions per inference")
    if output is not None:
        console.print(f"outputs written to {plain(output)}")


def _largest(values: Any) -> str:
    flat = np.asarray(values).reshape(-1)
    if flat.size == 1:  # a label, a value: it has no place among others
        return _number(flat[0])
    order = np.argsort(-flat.astype(np.float64), kind="stable")[:_TOP]
    return "  ".join(f"{index}: {_number(flat[index])}" for index in order)


def _number(value: Any) -> str:
    return f"{value:.4g}" if np.issubdtype(type(value), np.floating) else str(value)


def _counts(instructions: list[int]) -> str:
    low, high = min(instructions), max(instructions)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
