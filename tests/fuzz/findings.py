"""What is wrong with how a mutant ended, and which findings are one and the same."""

import hashlib
import json
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from fuzz.process import BUG, Ended, Limits

import edgec

_HEAD = "Traceback (most recent call last):"
_FRAME = re.compile(
    r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+),? in (?P<name>\S+)', re.MULTILINE
)
_RAISED = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$", re.MULTILINE)
_WARNING = re.compile(r"^\S+\.py:\d+: (?P<type>\w*Warning): ", re.MULTILINE)
_NO_MEMORY = re.compile(r"MemoryError|Unable to allocate|bad_alloc")
_OURS = f"{Path(edgec.__file__).parent}/"
_INNERMOST = 3  # frames that tell one fault from another, however it was come by
_LATE = (signal.SIGXCPU, signal.SIGALRM)


@dataclass(frozen=True)
class Fault:
    """What went wrong: ``kind`` in a word, ``what`` in a line, and the frames in edgec.

    Frames are ``module.py:line function``, the innermost last.
    """

    kind: str
    what: str
    frames: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return the name of this fault: equal for all mutants that provoke it."""
        where = self.frames[-_INNERMOST:] or (self.what,)
        digest = hashlib.sha256("\n".join((self.kind, *where)).encode()).hexdigest()
        return f"{self.kind}-{digest[:8]}"


def fault_of(ended: Ended, limits: Limits, *, is_json: bool = False) -> Fault | None:
    """Return what is wrong with how a mutant ended; ``is_json``: stdout has to be a document."""
    frames = _frames(ended.err)
    kind, what = _named(ended, limits)
    if kind:
        return Fault(kind, what, frames)
    if is_json and not _is_json(ended.out):
        return Fault("output", f"stdout is no JSON document: {ended.out[:60]!r}", ())
    return None


def _named(ended: Ended, limits: Limits) -> tuple[str, str]:
    late = -ended.code in _LATE or ended.seconds > limits.seconds
    if late:
        return "time", f"killed after {ended.seconds:.0f} s of processor time"
    if _NO_MEMORY.search(ended.err) or ended.peak > limits.memory:
        return "memory", f"{_raised(ended.err)}; {ended.peak >> 20} MiB were resident"
    if ended.code < 0:
        return "signal", signal.Signals(-ended.code).name
    if ended.code == BUG or _HEAD in ended.err:
        return "bug", _raised(ended.err)
    warned = _WARNING.search(ended.err)
    return ("warning", warned.group(0) + warned["type"]) if warned else ("", "")


def _raised(err: str) -> str:
    """Return the last line of the last traceback: type and text of what was raised."""
    found = list(_RAISED.finditer(err.rpartition(_HEAD)[2]))
    return found[0].group(0)[:200] if found else "no traceback"


def _frames(err: str) -> tuple[str, ...]:
    """Return the frames in edgec, the innermost last, each once."""
    last = err.rpartition(_HEAD)[2] if _HEAD in err else err
    found = [
        f"{each['file'].removeprefix(_OURS)}:{each['line']} {each['name']}"
        for each in _FRAME.finditer(last)
        if each["file"].startswith(_OURS)
    ]
    dumped = _HEAD not in err  # by faulthandler: the innermost first
    return tuple(dict.fromkeys(reversed(found) if dumped else found))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
