"""``edgec dump``: the graph as text, after any pass."""

from typing import Annotated

import typer

from edgec.cli.compile.quantization_options import Shape
from edgec.cli.shared_options import Json, Model
from edgec.cli.terminal import print_json, print_text
from edgec.driver.about.inspect import dump as dump_model
from edgec.frontends.shapes import joined, parse_shapes


def dump(
    model: Model,
    *,
    after: Annotated[
        str, typer.Option("--after", metavar="PASS", help="Stop after this pass. [the last]")
    ] = "",
    shape: Shape = None,
    json: Json = False,
) -> None:
    """Print the graph as text, as it is after a pass."""
    dumped = dump_model(model, after, parse_shapes(joined(shape)))
    if json:
        print_json({"after": dumped.after, "passes": dumped.passes, "graph": dumped.text})
    else:
        print_text(dumped.text)
