"""``--shape`` of TFLite files: other lengths along the axes that a file leaves open.

TFLite resizes inputs before it allocates tensors, and its operators follow. So do ours: an input
has the asked shape from the start. Files often hold the old length in a RESHAPE, too; these cannot
be resized, here as there.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from edgec.errors import EdgecError, ExitCode, Place
from edgec.frontends.shapes import Shapes
from edgec.frontends.tflite.reader import FileModel
from edgec.ir import Graph


def with_lengths(model: FileModel, names: list[str], shapes: Shapes) -> FileModel:
    """Return the model with the asked shapes of inputs that differ along open axes only."""
    tensors = list(model.tensors)
    for number in model.inputs:
        tensor = tensors[number]
        asked = shapes.get(names[number], tensor.shape)
        differing = [
            i for i, pair in enumerate(zip(asked, tensor.shape, strict=False)) if _two(pair)
        ]
        if len(asked) == len(tensor.shape) and {*differing} <= {*tensor.open_axes}:
            tensors[number] = replace(tensor, shape=asked)
    return replace(model, tensors=tuple(tensors))


def _two(pair: tuple[int, int]) -> bool:
    return pair[0] != pair[1]


def with_asked_lengths(load: Callable[[Shapes], Graph], shapes: Shapes, path: Path) -> Graph:
    """Return the graph of the asked shapes; ``invalid-shape`` where only the file's own can run."""
    try:
        return load(shapes)
    except EdgecError as error:
        if not shapes or error.code == "invalid-shape":
            raise
        load(MappingProxyType({}))  # what is wrong in any case is said as it is
        asked = "; ".join(f"{name}={','.join(map(str, each))}" for name, each in shapes.items())
        raise EdgecError(
            "invalid-shape",
            f"--shape {asked}: the model cannot run with it: {error.message}",
            place=Place(str(path)),
            help="leave --shape out, or convert the model again with the shape you need",
            exit_code=ExitCode.USAGE,
        ) from error
