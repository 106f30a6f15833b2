"""CPU cores: instruction set, compiler flags, and what generated code may rely on."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Isa = Literal["scalar", "dsp", "mve"]


@dataclass(frozen=True, slots=True)
class CpuCore:
    """One core as configured on edgec's boards.

    ``flags`` are for arm-none-eabi-gcc (none for the host). ``required_macros`` must be defined by
    the compiler for code planned for ``isa``; generated C checks them with ``#error``.
    """

    name: str
    isa: Isa
    flags: tuple[str, ...]
    required_macros: tuple[str, ...] = ()
    unaligned_ok: bool = True
    has_fpu: bool = False

    @property
    def has_dsp(self) -> bool:
        """Whether the DSP extension (SMLAD and kin) is there; MVE cores have it too."""
        return self.isa in {"dsp", "mve"}


def _core(
    name: str,
    isa: Isa,
    *options: str,
    fpu: str = "",
    macros: tuple[str, ...] = (),
    unaligned_ok: bool = True,
) -> CpuCore:
    floats = ("-mfloat-abi=hard", f"-mfpu={fpu}") if fpu else ("-mfloat-abi=soft",)
    return CpuCore(
        name, isa, (*options, "-mthumb", *floats), macros, unaligned_ok, has_fpu=bool(fpu)
    )


_DSP = ("__ARM_FEATURE_DSP",)
_MVE = ("__ARM_FEATURE_DSP", "__ARM_FEATURE_MVE")
# gcc 12 knows the architecture of the M85 but not its name.
_M85 = "-march=armv8.1-m.main+mve.fp+fp.dp"

_CORES = (
    _core("cortex-m0", "scalar", "-mcpu=cortex-m0", unaligned_ok=False),
    _core("cortex-m0plus", "scalar", "-mcpu=cortex-m0plus", unaligned_ok=False),
    _core("cortex-m3", "scalar", "-mcpu=cortex-m3"),
    _core("cortex-m4", "dsp", "-mcpu=cortex-m4", fpu="fpv4-sp-d16", macros=_DSP),
    _core("cortex-m7", "dsp", "-mcpu=cortex-m7", fpu="fpv5-sp-d16", macros=_DSP),
    _core("cortex-m33", "dsp", "-mcpu=cortex-m33", fpu="fpv5-sp-d16", macros=_DSP),
    _core("cortex-m55", "mve", "-mcpu=cortex-m55", fpu="auto", macros=_MVE),
    _core("cortex-m85", "mve", _M85, fpu="auto", macros=_MVE),
    CpuCore("host", "scalar", (), has_fpu=True),
)

CPUS: Mapping[str, CpuCore] = MappingProxyType({core.name: core for core in _CORES})
