"""``edgec ops``: which operators are supported, by which kernels, under which conditions."""

from typing import Annotated, Any

import typer

from edgec.cli.reports.markdown import operators_page
from edgec.cli.shared_options import Json
from edgec.cli.terminal import add_row, print_json, print_text, results, table
from edgec.driver.about.supported import OperatorSupport, supported_operators


def ops(
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the page docs/SUPPORTED_OPS.md.")
    ] = False,
    json: Json = False,
) -> None:
    """List the supported operators and what their kernels need."""
    operators = supported_operators()
    if json:
        print_json({"operators": [_document(each) for each in operators]})
    elif markdown:
        print_text(operators_page())
    else:
        _show(operators)


def _show(operators: list[OperatorSupport]) -> None:
    made = table("operator", "ONNX", "TFLite", "kernels")
    for each in operators:
        backends = ", ".join(dict.fromkeys(kernel.backend for kernel in each.kernels))
        cells = (", ".join(names) or None for names in (each.onnx, each.tflite))
        add_row(made, each.name, *cells, backends or None)
    console = results()
    console.print(made)
    console.print("\nWhat each kernel needs: edgec ops --markdown, or --json", style="dim")


def _document(operator: OperatorSupport) -> dict[str, Any]:
    return {
        "name": operator.name,
        "summary": operator.summary,
        "onnx": list(operator.onnx),
        "tflite": list(operator.tflite),
        "kernels": [
            {"backend": each.backend, "kernel": each.name, "requires": list(each.requires)}
            for each in operator.kernels
        ],
    }
