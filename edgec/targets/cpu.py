"""CPU cores and their architectures: two tables that everything else looks a target up in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from edgec.targets.architecture import Architecture
from edgec.targets.arm_cortex_m import ARM_CORTEX_M
from edgec.targets.this_machine import HOST

Isa = Literal["scalar", "dsp", "mve"]


@dataclass(frozen=True, slots=True)
class CpuCore:
    """One core as configured on edgec's boards.

    ``flags`` are for the compiler of the ``architecture``, a key of :data:`ARCHITECTURES`.
    ``required_macros`` must be defined by the compiler for code planned for ``isa``; generated C
    checks them with ``#error``.
    """

    name: str
    isa: Isa
    flags: tuple[str, ...]
    required_macros: tuple[str, ...] = ()
    unaligned_ok: bool = True
    has_fpu: bool = False
    architecture: str = field(kw_only=True)

    @property
    def has_dsp(self) -> bool:
        """Whether the DSP extension (SMLAD and kin) is there; MVE cores have it too."""
        return self.isa in {"dsp", "mve"}


def _cortex_m(
    name: str,
    isa: Isa,
    *options: str,
    fpu: str = "",
    macros: tuple[str, ...] = (),
    unaligned_ok: bool = True,
) -> CpuCore:
    floats = ("-mfloat-abi=hard", f"-mfpu={fpu}") if fpu else ("-mfloat-abi=soft",)
    return CpuCore(
        name,
        isa,
        (*options, "-mthumb", *floats),
        macros,
        unaligned_ok,
        has_fpu=bool(fpu),
        architecture=ARM_CORTEX_M.name,
    )


_DSP = ("__ARM_FEATURE_DSP",)
_MVE = ("__ARM_FEATURE_DSP", "__ARM_FEATURE_MVE")
# gcc 12 knows the architecture of the M85 but not its name.
_M85 = "-march=armv8.1-m.main+mve.fp+fp.dp"

_CORES = (
    _cortex_m("cortex-m0", "scalar", "-mcpu=cortex-m0", unaligned_ok=False),
    _cortex_m("cortex-m0plus", "scalar", "-mcpu=cortex-m0plus", unaligned_ok=False),
    _cortex_m("cortex-m3", "scalar", "-mcpu=cortex-m3"),
    _cortex_m("cortex-m4", "dsp", "-mcpu=cortex-m4", fpu="fpv4-sp-d16", macros=_DSP),
    _cortex_m("cortex-m7", "dsp", "-mcpu=cortex-m7", fpu="fpv5-sp-d16", macros=_DSP),
    _cortex_m("cortex-m33", "dsp", "-mcpu=cortex-m33", fpu="fpv5-sp-d16", macros=_DSP),
    _cortex_m("cortex-m55", "mve", "-mcpu=cortex-m55", fpu="auto", macros=_MVE),
    _cortex_m("cortex-m85", "mve", _M85, fpu="auto", macros=_MVE),
    CpuCore("host", "scalar", (), has_fpu=True, architecture=HOST.name),
)
_cpus = {core.name: core for core in _CORES}
_architectures = {each.name: each for each in (ARM_CORTEX_M, HOST)}

CPUS: Mapping[str, CpuCore] = MappingProxyType(_cpus)
ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType(_architectures)


@contextmanager
def architecture_added(architecture: Architecture, *cores: CpuCore) -> Iterator[None]:
    """Know one more architecture and its cores in a ``with`` block: a port that is not edgec's."""
    _architectures[architecture.name] = architecture
    _cpus.update((core.name, core) for core in cores)
    try:
        yield
    finally:
        del _architectures[architecture.name]
        for core in cores:
            del _cpus[core.name]
