"""Where in a folder of the user's CMSIS-NN is: a checkout of it, of all of CMSIS, or a pack."""

from collections.abc import Iterator
from pathlib import Path

from edgec.errors import EdgecError, ExitCode, Place

HEADER = "Include/arm_nnfunctions.h"
_KNOWN_PLACES = ("", "CMSIS/NN", "CMSIS-NN", "NN")
_HELP = (
    "name the folder that has Include and Source (of a checkout or CMSIS-Pack), or the one above "
    "it; without --cmsis-nn and EDGEC_CMSIS_NN the copy that comes with edgec is linked"
)


def library_folder(folder: Path) -> Path:
    """Return the folder that has ``Include`` and ``Source``: ``folder`` or one inside it.

    Raises ``cmsis-nn-missing``.
    """
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "there is no such folder"
        raise missing(what, folder)
    known = [folder / each for each in _KNOWN_PLACES]
    found = next((each for each in known if (each / HEADER).is_file()), None)
    root = found or _only_one_below(folder)
    if not any(root.glob("Source/**/*.c")):
        raise missing("this copy of CMSIS-NN has headers only (no Source/**/*.c)", root)
    return root


def licenses(folder: Path, root: Path) -> Iterator[Path]:
    """Return the license files: those beside ``root``'s sources, else the nearest above it."""
    for place in (root, *root.parents):
        found = sorted(each for each in place.glob("LICENSE*") if each.is_file())
        if found or place == folder:
            return iter(found)
    return iter(())


def missing(message: str, folder: Path) -> EdgecError:
    return EdgecError(
        "cmsis-nn-missing",
        message,
        place=Place(str(folder)),
        help=_HELP,
        exit_code=ExitCode.TOOL,
    )


def _only_one_below(folder: Path) -> Path:
    copies = sorted(each.parent.parent for each in folder.glob(f"*/{HEADER}"))
    if not copies:
        raise missing(f"this folder holds no CMSIS-NN ({HEADER})", folder)
    if len(copies) > 1:
        names = ", ".join(each.name for each in copies)
        raise missing(f"this folder holds several copies of CMSIS-NN: {names}; name one", folder)
    return copies[0]
