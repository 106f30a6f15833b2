"""``edgec check``: every problem of a model at once, and what a build would use."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from edgec.cli.compile.check_many import check_several, is_many
from edgec.cli.compile.layers import layer_table
from edgec.cli.compile.quantization_options import AllowPoor, Shape, StateOf
from edgec.cli.failures import print_problems, problem_json
from edgec.cli.shared_options import CmsisNn, Json, Kernels, Verbose
from edgec.cli.terminal import plain, print_json, print_warnings, results
from edgec.driver import CheckResult
from edgec.driver import check as check_model
from edgec.frontends.shapes import joined, parse_shapes


def check(
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL...", help="ONNX or TFLite files, or folders.", show_default=False
        ),
    ],
    *,
    board: Annotated[
        str, typer.Option("--board", "-b", help="Also say whether it fits this board.")
    ] = "",
    kernels: Kernels = "auto",
    cmsis_nn: CmsisNn = "",
    shape: Shape = None,
    state: StateOf = "",
    allow_poor: AllowPoor = False,
    json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Say what is supported, what is not, and whether it fits; builds nothing.

    Several files, or a folder, give one table; the exit code is that of the worst file.
    """
    if is_many(models):
        about_one = {"--shape": shape, "--state": state}
        check_several(
            models,
            board,
            kernels,
            cmsis_nn,
            of_one_model=about_one,
            allow_poor=allow_poor,
            json=json,
        )
        return
    (model,) = models
    shapes = parse_shapes(joined(shape))
    result = check_model(model, board, kernels, shapes, state, cmsis_nn, allow_poor=allow_poor)
    if json:
        print_json(_document(result, asked_board=bool(board)))
    else:
        _show(result, str(model), asked_board=bool(board))
    if result.problems:
        raise typer.Exit(max(int(each.exit_code) for each in result.problems))


def _document(result: CheckResult, *, asked_board: bool) -> dict[str, Any]:
    memory, board = result.memory, result.board
    return {
        "supported": result.program is not None,
        "problems": [problem_json(each) for each in result.problems],
        "fits": _fits(result) if asked_board and memory else None,
        "board": board.id if board else None,
        "arena_bytes": memory.size if memory else None,
        "arena_lower_bound_bytes": memory.lower_bound if memory else None,
        "weights_bytes": _weights(result),
        "code_bytes_estimate": result.flash.code if result.flash else None,
        "flash_bytes_estimate": result.flash.total if result.flash else None,
        "warnings": [*result.warnings, *result.remarks],
        "transposes": result.transposes,
        "layers": _layers(result),
    }


def _layers(result: CheckResult) -> list[dict[str, Any]]:
    steps = result.program.steps if result.program else ()
    return [
        {
            "name": step.node,
            "op": step.op,
            "kernel": step.function,
            "backend": step.backend,
            "macs": step.macs,
            "weights_bytes": step.weights_bytes,
            "out": [list(kind.shape) for kind in step.outputs],
        }
        for step in steps
    ]


def _fits(result: CheckResult) -> bool | None:
    """Tell whether it fits; None where only a build can say."""
    return None if result.warnings and result.fits else result.fits


def _weights(result: CheckResult) -> int | None:
    return result.flash.weights if result.flash else None


def _show(result: CheckResult, model: str, *, asked_board: bool) -> None:
    console = results()
    if result.program is not None:
        console.print(layer_table(_layers(result), console.width))
        console.print()
    print_problems(result.problems)
    print_warnings([*result.warnings, *result.remarks], result.remarks)
    if result.program is None:
        count = len(result.problems)
        console.print(Text(f"{plain(model)}: not supported, {count} problem(s)", style="bold red"))
        return
    console.print(Text(_verdict(result, model, asked_board=asked_board), style="bold"))


def _verdict(result: CheckResult, model: str, *, asked_board: bool) -> str:
    assert result.memory is not None  # noqa: S101 - there is a program
    assert result.board is not None  # noqa: S101 - check() always names one
    board = result.board
    lines = [f"{plain(model)}: supported, {len(_layers(result))} kernel calls on {board.cpu}"]
    lines.append(f"arena {result.memory.size:,} bytes, constants {_weights(result) or 0:,} bytes")
    if result.flash is not None:
        lines[-1] += f", code about {result.flash.code:,} bytes (an estimate)"
    if asked_board:
        fits = {True: "fits", False: "does not fit", None: "may not fit"}[_fits(result)]
        lines[-1] += f": {fits} {board.id} ({board.ram_bytes:,} RAM, {board.flash_bytes:,} flash)"
    if result.transposes:
        lines.append(f"{result.transposes} transpose(s) are left: they cost time and memory")
    return "\n".join(lines)
