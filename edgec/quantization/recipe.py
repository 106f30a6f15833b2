"""What quantizing a model is asked to do, and how long work tells how far it is."""

from dataclasses import dataclass
from typing import Protocol

from edgec.ir import DType, ValueName
from edgec.quantization.ranges.room import ROOMY


class Stages(Protocol):
    """Hears how far a quantization is."""

    def stage(self, title: str) -> None:
        """Begin a stage."""
        ...

    def advance(self, done: int, total: int) -> None:
        """Tell how much of this stage is done."""
        ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to do: ``ranges`` is a method of calibration or ``auto``; the rest is on or off.

    ``correct_bias`` keeps the means of outputs where no reconstruction of weights does so.
    ``dense_as_conv`` gives fully connected layers a weight scale per output. ``int8_values`` stay
    int8 where ``activations`` are int16.
    """

    ranges: str = "auto"
    equalize: bool = True
    reconstruct: bool = True
    dense_as_conv: bool = False
    correct_bias: bool = True
    activations: DType = DType.INT8
    int8_values: frozenset[ValueName] = frozenset()

    @classmethod
    def plain(
        cls,
        method: str = ROOMY,
        activations: DType = DType.INT8,
        *,
        correct_bias: bool = True,
    ) -> "Recipe":
        """Return what --effort fast does: one rule for all ranges, no search."""
        return cls(
            method,
            equalize=False,
            reconstruct=False,
            correct_bias=correct_bias,
            activations=activations,
        )

    @property
    def is_plain(self) -> bool:
        """Tell whether there is nothing to search for."""
        return self.ranges != "auto" and not (self.equalize or self.reconstruct)

    @property
    def width(self) -> str:
        """``int8``, ``int16x8``, or ``mixed`` where there are both."""
        if self.activations is not DType.INT16:
            return "int8"
        return "mixed" if self.int8_values else "int16x8"

    def __str__(self) -> str:
        found = "wide" if self.width == "int16x8" else "searched"
        ranges = found if self.ranges == "auto" else self.ranges
        width = "mixed int8 and int16x8" if self.width == "mixed" else self.width
        parts = [width, f"{ranges} ranges"]
        parts += ["equalized channels"] * self.equalize
        parts += ["reconstructed weights"] * self.reconstruct
        parts += ["corrected biases"] * (self.correct_bias and not self.reconstruct)
        parts += ["fully connected layers as 1x1 convolutions"] * self.dense_as_conv
        return ", ".join(parts)
