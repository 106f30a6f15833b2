"""``--shape name=1,1,28,28``: what the user says about axes that a model file leaves open."""

from collections.abc import Mapping, Sequence
from shlex import quote

from edgec.errors import EdgecError, ExitCode, Place
from edgec.frontends.limits import MAX_RANK
from edgec.ir import Graph

Shapes = Mapping[str, tuple[int, ...]]
_SEPARATOR = ";"
_HELP = "write the input's name and all its extents: --shape image=1,1,28,28"


def parse_shapes(text: str) -> dict[str, tuple[int, ...]]:
    """Read ``name=1,2,3``, several separated by ``;``; ``invalid-shape`` where it is none."""
    shapes: dict[str, tuple[int, ...]] = {}
    for part in filter(None, (each.strip() for each in text.split(_SEPARATOR))):
        name, equals, extents = part.rpartition("=")
        try:
            shape = tuple(int(each) for each in extents.split(","))
        except ValueError:
            shape = ()
        if not (name and equals and shape) or min(shape) < 1 or len(shape) > MAX_RANK:
            raise _invalid(f"{part!r} is no name with extents of 1 or more")
        if name in shapes:
            raise _invalid(f"two shapes for {name!r}")
        shapes[name] = shape
    return shapes


def joined(parts: Sequence[str] | None) -> str:
    """Return repeated options as one text that :func:`parse_shapes` reads."""
    return _SEPARATOR.join(parts or ())


def check_names(shapes: Shapes, inputs: list[str], place: Place) -> None:
    """Raise ``invalid-shape`` for a name that is no input of the model."""
    for name in shapes:
        if name not in inputs:
            known = ", ".join(map(repr, inputs))
            raise _invalid(f"the model has no input {name!r}", place, f"its inputs: {known}")


def check_fixed(graph: Graph, shapes: Shapes, place: Place) -> None:
    """Raise ``invalid-shape`` where a model whose shapes are fixed is asked for another."""
    check_names(shapes, list(graph.inputs), place)
    for value in graph.inputs:
        own = graph.types[value].shape
        if shapes.get(value, own) != own:
            message = f"{shapes[value]} for {value!r}, whose shape is fixed: {own}"
            raise _invalid(message, place, "convert the model again with the shape you need")


def bound(
    name: str, own: tuple[int | None, ...], shapes: Shapes, place: Place
) -> tuple[int | None, ...]:
    """Return the shape of an input with open axes (None) filled in as asked for."""
    asked = shapes.get(name)
    if asked is None:
        return own
    if len(asked) != len(own) or any(a not in {None, b} for a, b in zip(own, asked, strict=True)):
        shown = ",".join("?" if extent is None else str(extent) for extent in own)
        hint = f"only the axes shown as ? can be chosen: --shape {quote(name)}={shown}"
        raise _invalid(f"{asked} for {name!r}, whose shape is ({shown})", place, hint)
    return asked


def _invalid(message: str, place: Place | None = None, hint: str = _HELP) -> EdgecError:
    return EdgecError(
        "invalid-shape", f"--shape: {message}", place=place, help=hint, exit_code=ExitCode.USAGE
    )
