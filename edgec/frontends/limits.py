"""Bounds on what a model file may ask for: a hostile one ends in an error, not in a hang."""

from edgec.errors import EdgecError, Place

MAX_FILE = 1 << 28  # bytes of a model file, and of the data beside it
MAX_BYTES = 1 << 30  # of all values of a model together
MAX_RANK = 8


def too_large(what: str, size: int, place: Place, limit: int = MAX_BYTES) -> EdgecError:
    """Return the error for something of ``size`` bytes that is beyond a limit in bytes."""
    return beyond_room(f"{what} takes {size} bytes, the limit is {limit}", place)


def beyond_room(message: str, place: Place) -> EdgecError:
    """Return the error for what :class:`edgec.ir.TooLargeError` says."""
    return EdgecError(
        "model-too-large",
        message,
        place=place,
        help="edgec compiles for microcontrollers: check the shapes, or give a smaller model",
    )
