"""What ``--prune`` asks for: ``channels=0.25``, ``weights=0.5``, and whether ``global``."""

import difflib
from dataclasses import dataclass

from edgec.errors import EdgecError, ExitCode, Place

GLOBAL = "global"
KINDS = ("channels", "weights")
_HELP = "for instance --prune channels=0.25, or --prune weights=0.5,global"


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """Shares to remove, 0 for none; of every layer, or of the network where ``across_layers``."""

    channels: float = 0.0
    weights: float = 0.0
    across_layers: bool = False

    def __str__(self) -> str:
        shares = [f"{kind}={getattr(self, kind):g}" for kind in KINDS if getattr(self, kind)]
        return ",".join([*shares, *([GLOBAL] if self.across_layers else [])])


def parse_request(text: str) -> PruneRequest:
    """Read the value of ``--prune``: shares by kind, separated by commas, perhaps ``global``.

    Raises ``invalid-prune`` for an unknown kind, a kind given twice, a share outside (0, 1), or
    no kind at all.
    """
    shares: dict[str, float] = {}
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if part != GLOBAL:
            kind, share = _share(part, text)
            if kind in shares:
                raise _invalid(text, f"{kind} is given twice")
            shares[kind] = share
    if not shares:
        raise _invalid(text, "it does not say what to prune")
    return PruneRequest(**shares, across_layers=GLOBAL in parts)


def _share(part: str, text: str) -> tuple[str, float]:
    kind, _, number = (piece.strip() for piece in part.partition("="))
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, [*KINDS, GLOBAL], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise _invalid(text, f"{kind!r} is none of {', '.join(KINDS)}, {GLOBAL}{hint}")
    try:
        share = float(number)
    except ValueError:
        raise _invalid(text, f"{kind} needs a number: {kind}=0.25") from None
    if not 0 < share < 1:
        raise _invalid(text, f"the share of {kind} is {number}, it must be between 0 and 1")
    return kind, share


def _invalid(text: str, message: str) -> EdgecError:
    return EdgecError(
        "invalid-prune",
        f"--prune {text}: {message}",
        place=Place(inside="option prune"),
        help=_HELP,
        exit_code=ExitCode.USAGE,
    )
