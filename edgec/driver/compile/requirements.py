"""What a quantized model must reach: ``--max-drop 0.5`` (points of accuracy) or ``30dB``."""

import re
from dataclasses import dataclass

from edgec.errors import EdgecError, ExitCode
from edgec.quantization.quality.evaluation import Evaluation

_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(db)?", re.IGNORECASE)
# Chosen by hand: noise of a hundredth of the signal.
_DEFAULT_DB = 20.0


@dataclass(frozen=True, slots=True)
class Requirement:
    """The least output SQNR in dB, or the largest loss of accuracy in percentage points."""

    sqnr_db: float | None = None
    points: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Requirement":
        """Read ``0.5`` or ``30dB``; nothing stands for 20 dB. Raises ``invalid-option``."""
        if not text:
            return cls(sqnr_db=_DEFAULT_DB)
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise EdgecError(
                "invalid-option",
                f"--max-drop: {text!r} is neither points of accuracy nor dB",
                help="write 0.5 for half a percentage point, or 30dB for the least output SQNR",
                exit_code=ExitCode.USAGE,
            )
        number = float(found[1])
        return cls(sqnr_db=number) if found[2] else cls(points=number)

    def __str__(self) -> str:
        if self.sqnr_db is not None:
            return f"{self.sqnr_db:g} dB of output SQNR"
        return f"{self.points:g} points of accuracy or agreement"

    def met_by(self, found: Evaluation) -> bool:
        """Tell whether an evaluation is good enough, in its worst part; agreement is accuracy, too.

        Labels know little of the parts of an output: one that is lost is never good enough.
        """
        if self.sqnr_db is not None:
            return found.worst_sqnr_db is None or found.worst_sqnr_db >= self.sqnr_db
        if any(each.judged and each.is_lost for each in found.parts):
            return False
        assert self.points is not None  # noqa: S101 - one of the two is given
        accuracy = found.accuracy
        if accuracy is not None and accuracy.original is not None:
            return 100 * (accuracy.original - accuracy.quantized) <= self.points
        agreement = found.top1_agreement
        return agreement is None or 100 * (1 - agreement) <= self.points
