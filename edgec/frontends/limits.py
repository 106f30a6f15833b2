"""Bounds on what a model file may ask for: a hostile one ends in an error, not in a hang."""

from edgec.errors import EdgecError, Place

MAX_BYTES = 1 << 30  # of a file, and of all its tensors together
MAX_RANK = 8


def too_large(what: str, size: int, place: Place) -> EdgecError:
    """Return the error for something of ``size`` bytes that is beyond :data:`MAX_BYTES`."""
    return EdgecError(
        "model-too-large",
        f"{what} takes {size} bytes, the limit is {MAX_BYTES}",
        place=place,
        help="edgec compiles for microcontrollers: check the shapes, or give a smaller model",
    )
