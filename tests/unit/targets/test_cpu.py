"""The flags of each core give what the table promises."""

import subprocess

import pytest

from edgec.targets.cpu import CPUS, CpuCore

CORES = [core for core in CPUS.values() if core.name != "host"]


@pytest.mark.qemu
@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_the_compiler_defines_what_the_core_has(core: CpuCore) -> None:
    command = ["arm-none-eabi-gcc", *core.flags, "-dM", "-E", "-xc", "/dev/null"]
    defined = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    macros = {line.split()[1] for line in defined.splitlines()}
    assert set(core.required_macros) <= macros
    assert ("__ARM_FEATURE_DSP" in macros) == core.has_dsp
    assert ("__ARM_FEATURE_MVE" in macros) == (core.isa == "mve")
    assert ("__ARM_FP" in macros) == core.has_fpu
    assert ("__ARM_FEATURE_UNALIGNED" in macros) == core.unaligned_ok


def test_the_host_needs_no_flags() -> None:
    assert CPUS["host"].flags == ()
    assert CPUS["host"].isa == "scalar"
