"""``edgec inspect``: what is in a model file."""

from typing import Any

from rich.text import Text

from edgec.cli.compile.layers import shapes
from edgec.cli.compile.quantization_options import Shape
from edgec.cli.shared_options import Json, Model, Verbose
from edgec.cli.terminal import add_row, plain, print_json, results, short, table
from edgec.driver.about.inspect import Inspection
from edgec.driver.about.inspect import inspect as inspect_model
from edgec.frontends.shapes import joined, parse_shapes


def inspect(
    model: Model, *, shape: Shape = None, json: Json = False, verbose: Verbose = False
) -> None:
    """Look inside a model: inputs, outputs, layers, sizes."""
    found = inspect_model(model, parse_shapes(joined(shape)))
    if json:
        print_json(_document(found))
    else:
        _show(found)


def _document(found: Inspection) -> dict[str, Any]:
    return {
        "name": found.name,
        "source_format": found.source_format,
        "sha256": found.sha256,
        "quantized": found.quantized,
        "inputs": [each.to_json() for each in found.inputs],
        "outputs": [each.to_json() for each in found.outputs],
        "states": [each.to_json() for each in found.states],
        "macs": found.macs,
        "params": found.params,
        "layers": [each.to_json() for each in found.layers],
    }


def _show(found: Inspection) -> None:
    console = results()
    kind = "quantized" if found.quantized else "float"
    title = f"{plain(found.name)}: {found.source_format}, {kind}, {found.params:,} parameters, "
    console.print(Text(f"{title}{found.macs:,} MACs\n", style="bold"))
    ports = table("", "tensor", "shape", "type", "quantization")
    roles = {"input": found.inputs, "output": found.outputs, "state": found.states}
    for role, tensors in roles.items():
        for each in tensors:
            shape = shapes([each.shape])
            add_row(ports, role, each.name, shape, each.dtype, each.quantization or None)
    console.print(ports)
    console.print()
    layers = table("layer", "op", "output", "MACs", "parameters", numbers=("MACs", "parameters"))
    for layer in found.layers:
        name, shape = short(layer.name), shapes([layer.output])
        add_row(layers, name, layer.op, shape, layer.macs, layer.params)
    console.print(layers)
