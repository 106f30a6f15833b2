"""Arm Cortex-M as an architecture, with the timings of its cores.

The timings follow Arm's technical reference manuals where these publish them (M0, M0+, M3, M4) and
are approximations where they do not (M7, M33, M55, M85): see docs/cycles.md.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from edgec.targets.architecture import Architecture, TickCounter, ToolSpec
from edgec.targets.instruction_class import Kind, Timing
from edgec.targets.thumb import classify

# Where Arm publishes timings these are its; a range counts as its middle. Those of M7, M33, M55
# and M85, ``issue`` above all, are approximations by hand: docs/cycles.md.
_M4_COSTS = {
    Kind.DIVIDE: 7,
    Kind.FLOAT_ACCUMULATE: 3,
    Kind.FLOAT_DIVIDE: 14,
}
_SMALL = Timing(load=2, load_next=2, store=2, refill=2)
_M3 = Timing(
    costs={
        Kind.ACCUMULATE: 2,
        Kind.LONG_MULTIPLY: 4,
        Kind.LONG_ACCUMULATE: 5.5,
        Kind.DIVIDE: 7,
    }
)
_M4 = Timing(costs=_M4_COSTS)
_M33 = Timing(load=1, load_next=1, load_use=1, refill=2, costs=_M4_COSTS)
_M7 = Timing(load=1, load_next=1, load_use=1, refill=1, issue=0.7, costs=_M4_COSTS)
_M55 = Timing(
    load=1,
    load_next=1,
    load_use=1,
    refill=2,
    costs={
        Kind.DIVIDE: 7,
        Kind.FLOAT_DIVIDE: 14,
        Kind.VECTOR: 2,
        Kind.VECTOR_ACCUMULATE: 1,  # two cycles, of which one overlaps the load it alternates with
        Kind.VECTOR_LOAD: 2,
        Kind.VECTOR_STORE: 2,
        Kind.VECTOR_GATHER: 8,
        Kind.LOOP: 0,
    },
)

TIMINGS: Mapping[str, Timing] = MappingProxyType(
    {
        "cortex-m0": replace(_SMALL, refill=2, costs={Kind.CALL: 2}),
        "cortex-m0plus": replace(_SMALL, refill=1, costs={Kind.CALL: 2}),
        "cortex-m3": _M3,
        "cortex-m4": _M4,
        "cortex-m7": _M7,
        "cortex-m33": _M33,
        "cortex-m55": _M55,
        "cortex-m85": replace(_M55, refill=1, issue=0.8),
    }
)

_BREW = "--cask gcc-arm-embedded"

ARM_CORTEX_M = Architecture(
    name="arm-cortex-m",
    tools={
        "compiler": ToolSpec(
            "arm-none-eabi-gcc",
            "EDGEC_ARM_GCC",
            "gcc-arm-none-eabi libnewlib-arm-none-eabi",
            _BREW,
        ),
        "objcopy": ToolSpec(
            "arm-none-eabi-objcopy", "EDGEC_ARM_OBJCOPY", "binutils-arm-none-eabi", _BREW
        ),
        "objdump": ToolSpec(
            "arm-none-eabi-objdump", "EDGEC_ARM_OBJDUMP", "binutils-arm-none-eabi", _BREW
        ),
    },
    cross="arm-none-eabi-",
    port="cortex_m",
    port_files=("startup.c", "ticks.c", "registers.h"),
    interrupts=480,  # the most an NVIC has
    section_macro="__arm__",
    interrupt_bytes=8 * 4 + 4,  # eight words, and up to 4 bytes to align
    interrupt_bytes_fpu=26 * 4 + 4,
    unwind_sections=(".ARM.extab", ".ARM.exidx"),
    mode_bits=1,  # Thumb
    emulators=(ToolSpec("qemu-system-arm", "EDGEC_QEMU", "qemu-system-arm", "qemu"),),
    program_counter=rb"R15=([0-9a-f]{8})",
    breakpoint_bytes=2,
    ticks=TickCounter(24, 5, ("edgec_ticks", "edgec_systick")),
    comment_marks="@;",
    classify=classify,
    timings=TIMINGS,
)
