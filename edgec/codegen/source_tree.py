"""A set of files that exist in memory first, and on disk whole or not at all."""

import errno
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edgec.codegen.exchange import exchanged
from edgec.errors import EdgecError, Place
from edgec.scratch import moved_away, scratch_folder

_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


@dataclass(frozen=True)
class SourceTree:
    """Relative POSIX path -> content. Paths may not be absolute or leave the tree."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.files:
            parts = PurePosixPath(path).parts
            if path.startswith("/") or ".." in parts or not parts:
                message = f"path leaves the tree: {path!r}"
                raise ValueError(message)

    def under(self, folder: str) -> "SourceTree":
        """Return the same files below ``folder``."""
        return SourceTree({f"{folder}/{path}": data for path, data in self.files.items()})

    def merge(self, *others: "SourceTree") -> "SourceTree":
        """Return the union; two different contents for one path are a bug."""
        files = dict(self.files)
        for other in others:
            for path, data in other.files.items():
                if files.setdefault(path, data) != data:
                    message = f"two different files for {path!r}"
                    raise ValueError(message)
        return SourceTree(files)

    def digest(self) -> str:
        """Return a SHA-256 over paths and contents: equal trees, equal digests."""
        total = hashlib.sha256()
        for path in sorted(self.files):
            total.update(f"{path}\0{len(self.files[path])}\0".encode())
            total.update(self.files[path])
        return total.hexdigest()

    def write(self, root: Path) -> None:
        """Write all files below ``root`` (created where needed)."""
        for path, data in self.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


@contextmanager
def output_folder(target: Path) -> Iterator[Path]:
    """Make a folder that appears whole or not at all: filled beside its place, then put there.

    The value is the folder to fill. An exception leaves what stood at ``target`` before untouched;
    so does death at any moment.
    """
    target = real_place(target)
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            scratch = stack.enter_context(scratch_folder("out", target.absolute()))
            staging = scratch / "new"
            staging.mkdir()
            staging.chmod(0o755)
        except OSError as error:
            raise unwritable(target, error) from None
        try:
            yield staging
        except OSError as error:
            if error.errno in _OF_THE_DISK:
                raise unwritable(target, error) from None
            raise
        try:
            _replace(scratch, staging, target)
        except OSError as error:
            raise unwritable(target, error) from None


def real_place(path: Path) -> Path:
    """Follow symbolic links: what is replaced is the folder they lead to, never the link.

    Raises ``unwritable-output`` for links that lead back to themselves.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        raise unwritable(path, OSError("its symbolic links lead nowhere")) from None


def replaceable_file(path: Path) -> Path:
    """Return where a file is to be put, links followed.

    Raises ``unwritable-output`` where a folder, a device or a pipe is there.
    """
    real = real_place(path)
    if real.exists() and not real.is_file():
        raise unwritable(path, OSError("something is there that is no file"))
    return real


def unwritable(path: Path, error: OSError) -> EdgecError:
    """Describe an output place that cannot be written."""
    return EdgecError(
        "unwritable-output",
        f"cannot write the output: {error.strerror or error}",
        place=Place(str(path)),
        help="choose another place with -o, or make this one writable",
    )


def _replace(scratch: Path, staging: Path, target: Path) -> None:
    """Put ``staging`` at ``target``; a folder that stood there goes to ``scratch`` in its stead."""
    if not target.exists():
        staging.rename(target)
    elif not exchanged(staging, target):
        moved_away(target, scratch)
        staging.rename(target)
