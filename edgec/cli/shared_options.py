"""Options that several commands share."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from edgec.driver.run.run import PLACES


def _log(value: bool) -> bool:
    if value:
        logging.basicConfig(format="%(name)s: %(message)s", level=logging.DEBUG)
    return value


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout.")]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say more on stderr.", callback=_log, is_eager=True),
]
Model = Annotated[Path, typer.Argument(help="An ONNX or TFLite file.", show_default=False)]
OutFolder = Annotated[
    Path,
    typer.Argument(metavar="OUT", help="A folder that `edgec build` made.", show_default=False),
]
On = Annotated[str, typer.Option("--on", help=f"Where to run: {' or '.join(PLACES)}.")]
Kernels = Annotated[
    str, typer.Option("--kernels", help="auto, cmsis-nn, edgec or portable.", show_default=False)
]
CmsisNn = Annotated[
    str,
    typer.Option(
        "--cmsis-nn",
        metavar="DIR",
        help="Another copy of CMSIS-NN: a checkout or a pack.",
        show_default=False,
    ),
]
