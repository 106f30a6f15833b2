"""Where CMSIS-NN's sources come from, and which of its files a set of functions needs.

The sources are not part of edgec. PyPI carries them whole inside the wheel
``aidge-export-arm-cortexm`` (header revision V.12.5.1, Apache-2.0); its files are found through the
package metadata, without importing it, and must match a pinned hash. ``--cmsis-nn`` or the
environment variable ``EDGEC_CMSIS_NN`` names any other checkout (from v5.0.0 on).
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path

from edgec.backends.cmsis_nn import declarations
from edgec.backends.cmsis_nn.checkout import library_folder, licenses, missing
from edgec.errors import EdgecError, ExitCode, Place

CARRIER = "aidge-export-arm-cortexm"
_LICENSE = "LICENSE"
FOLDER = "cmsis_nn"
"""Where its files are, below ``kernels/``."""

PINNED_SHA256 = "0cab5269074d75ba0cca84e857296578dce570eae5f437981cb677f3b3c0be04"
_DEFINITION = re.compile(
    r"^(?!static|__STATIC)\w[\w \t*]*?\b(arm_\w+)\s*\([^;{}]*\)\s*\{", re.MULTILINE
)
_TABLE = re.compile(r"^const \w+ (\w+)\[[^\]]*\]\s*=", re.MULTILINE)
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")
_WORD = re.compile(r"\b[A-Za-z_]\w+\b")


@dataclass(frozen=True)
class CmsisNn:
    """One copy of the library: relative path (``Include/...``, ``Source/...``) -> content."""

    files: Mapping[str, bytes]
    origin: str

    @property
    def revision(self) -> str:
        """The revision that arm_nnfunctions.h states, for instance ``V.12.5.1``."""
        header = self.files["Include/arm_nnfunctions.h"].decode(errors="replace")
        found = re.search(r"\$Revision:\s*(V[.\d]+)", header)
        return found.group(1) if found else "unknown"

    @property
    def name(self) -> str:
        return "CMSIS-NN"

    @cached_property
    def sha256(self) -> str:
        """A hash over the paths and contents of all headers and sources."""
        total = hashlib.sha256()
        for path, data in self.files.items():
            if not path.startswith(_LICENSE):
                total.update(path.encode() + b"\0" + hashlib.sha256(data).digest())
        return total.hexdigest()

    @property
    def is_pinned(self) -> bool:
        """True where this is, byte for byte, the copy that our tests know every kernel of."""
        return self.sha256 == PINNED_SHA256

    def parameters(self, function: str) -> Mapping[str, str] | None:
        """Return name -> type of a function's parameters, in order; None where it is not declared.

        They differ from version to version: calls are made by name.
        """
        known = self._parameters
        if function not in known:
            known[function] = declarations.parameters(self._declarations, function)
        return known[function]

    def number(self, macro: str) -> int | None:
        """Return the number that a macro of the headers stands for; None where there is none."""
        return declarations.number(self._declarations, macro)

    @cached_property
    def _parameters(self) -> dict[str, Mapping[str, str] | None]:
        """What was asked for so far: a header is long, and every layer asks."""
        return {}

    @cached_property
    def _declarations(self) -> str:
        headers = (data for path, data in self.files.items() if path.endswith(".h"))
        texts = (each.decode(errors="replace").replace("\r\n", "\n") for each in headers)
        return declarations.without_comments("\n".join(texts))

    def closure(self, functions: Iterable[str]) -> dict[str, bytes]:
        """Return headers and the sources that define ``functions`` and all they call.

        Raises ``cmsis-nn-function-missing`` where this copy lacks one.
        """
        defined_in, words_of = self._index
        wanted, seen = list(functions), set[str]()
        for name in wanted:
            if name not in defined_in:
                raise EdgecError(
                    "cmsis-nn-function-missing",
                    f"CMSIS-NN {self.revision} has no function {name}",
                    place=Place(self.origin),
                    help="use CMSIS-NN v5.0.0 or newer, or build with --kernels portable",
                    exit_code=ExitCode.TOOL,
                )
        while wanted:
            path = defined_in[wanted.pop()]
            if path not in seen:
                seen.add(path)
                wanted += [word for word in words_of[path] if word in defined_in]
        headers = [path for path in self.files if path.endswith(".h")]
        chosen = {path: self.files[path] for path in sorted([*headers, *seen])}
        return {**chosen, **{p: d for p, d in self.files.items() if p.startswith(_LICENSE)}}

    @cached_property
    def _index(self) -> tuple[dict[str, str], dict[str, set[str]]]:
        """Map each function and table to the file that defines it, and each file to its words."""
        defined_in: dict[str, str] = {}
        words_of: dict[str, set[str]] = {}
        for path, data in self.files.items():
            if not path.endswith(".c"):
                continue
            text = declarations.without_comments(data.decode(errors="replace"))
            words_of[path] = set(_WORD.findall(text))
            for name in (*_DEFINITION.findall(text), *_TABLE.findall(text)):
                defined_in.setdefault(name, path)
        return defined_in, words_of


def find(folder: Path | None = None) -> CmsisNn:
    """Return the library from ``folder``, from ``EDGEC_CMSIS_NN``, or from the pinned wheel.

    Raises ``cmsis-nn-missing`` where there is none and ``cmsis-nn-changed`` where the wheel's
    sources are not the pinned ones.
    """
    named = os.environ.get("EDGEC_CMSIS_NN")
    chosen = folder or (Path(named) if named else None)
    return _read(library_folder(chosen), chosen, str(chosen)) if chosen else _pinned()


@cache
def _pinned() -> CmsisNn:
    try:
        files = metadata.distribution(CARRIER).files or []
    except metadata.PackageNotFoundError:
        files = []
    headers = [file for file in files if file.name == "arm_nnfunctions.h"]
    if not headers:
        raise _not_installed()
    root = Path(str(headers[0].locate())).parent.parent
    library = _read(root, root, CARRIER)
    if not library.is_pinned:
        raise EdgecError(
            "cmsis-nn-changed",
            f"the CMSIS-NN sources in {CARRIER} are not the ones edgec was tested with",
            place=Place(str(root)),
            help=f"reinstall it: pip install --force-reinstall {CARRIER}==0.2.1",
            exit_code=ExitCode.TOOL,
        )
    return library


@cache
def _read(root: Path, folder: Path, origin: str) -> CmsisNn:
    """Read the library at ``root``, which is in ``folder``; its license may be above it."""
    paths = sorted([*root.glob("Include/**/*.h"), *root.glob("Source/**/*.c")])
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    odd = next((path for path in files if not _PLAIN_PATH.fullmatch(path)), None)
    if odd is not None:
        raise missing(f"a file of it has a name that build files cannot hold: {odd!r}", root)
    texts = {path.name: path.read_bytes() for path in licenses(folder, root)}
    return CmsisNn({**files, **texts}, origin)


def _not_installed() -> EdgecError:
    return EdgecError(
        "cmsis-nn-missing",
        f"the Python package {CARRIER} is not installed",
        place=Place(CARRIER),
        help=f"pip install {CARRIER}==0.2.1, or name a checkout with --cmsis-nn or EDGEC_CMSIS_NN",
        exit_code=ExitCode.TOOL,
    )
