"""The cycle model: instructions to classes, classes to cycles, and what flash adds."""

import pytest

from edgec.targets.arm_cortex_m import ARM_CORTEX_M
from edgec.targets.cpu import ARCHITECTURES, CPUS
from edgec.targets.cycle_model import (
    NEVER_WAITS,
    Block,
    Executed,
    FlashTiming,
    LayerReads,
    estimate_cycles,
)
from edgec.targets.instruction_class import Kind
from edgec.targets.thumb import classify

NOTHING = LayerReads(0, 0)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("add.w r0, r1, r2", Kind.ALU, 0),
        ("sxtb16 r5, r5, ror #8", Kind.ALU, 0),
        ("ldr.w r8, [r4, r2]", Kind.LOAD, 1),
        ("ldrsb.w r3, [r1, #1]!", Kind.LOAD, 1),
        ("ldrd r2, r3, [sp]", Kind.LOAD_MANY, 2),
        ("pop {r4, r5, r6, pc}", Kind.LOAD_MANY, 4),
        ("stmdb sp!, {r4-r11, lr}", Kind.STORE_MANY, 9),
        ("vpush {d8-d9}", Kind.STORE_MANY, 4),
        ("strb.w r0, [r1], #1", Kind.STORE, 1),
        ("smlad r3, r0, r9, r3", Kind.ACCUMULATE, 0),
        ("muls r0, r1", Kind.MULTIPLY, 0),
        ("smull r0, r1, r2, r3", Kind.LONG_MULTIPLY, 0),
        ("smlal r0, r1, r2, r3", Kind.LONG_ACCUMULATE, 0),
        ("udiv r0, r1, r2", Kind.DIVIDE, 0),
        ("bne.n 22e0", Kind.BRANCH, 0),
        ("bl 4414 <kws_run>", Kind.CALL, 0),
        ("blt.n 10", Kind.BRANCH, 0),
        ("bls.n 10", Kind.BRANCH, 0),
        ("bic.w r0, r0, #1", Kind.ALU, 0),
        ("bfi r0, r1, #0, #8", Kind.ALU, 0),
        ("itt ne", Kind.CONDITION, 0),
        ("vadd.f32 s0, s1, s2", Kind.FLOAT, 0),
        ("vfma.f32 s0, s1, s2", Kind.FLOAT_ACCUMULATE, 0),
        ("vdiv.f32 s0, s1, s2", Kind.FLOAT_DIVIDE, 0),
        ("vldr s0, [r1]", Kind.LOAD, 1),
        ("vldrb.8 q0, [r1], #16", Kind.VECTOR_LOAD, 0),
        ("vldrb.u8 q0, [r1, q2]", Kind.VECTOR_GATHER, 0),
        ("vmladava.s8 r0, q0, q1", Kind.VECTOR_ACCUMULATE, 0),
        ("vmlava.s8 r0, q0, q1", Kind.VECTOR_ACCUMULATE, 0),
        ("vqrdmulh.s32 q0, q0, r3", Kind.VECTOR, 0),
        ("letp lr, 100", Kind.LOOP, 0),
    ],
)
def test_class_of_instruction(text: str, kind: Kind, words: int) -> None:
    mnemonic, _, operands = text.partition(" ")
    assert classify(mnemonic, operands) == (kind, words)


def cycles(cpu: str, *lines: str, count: int = 1, taken: int = 0) -> int:
    instructions = tuple((m, rest) for m, _, rest in (line.partition(" ") for line in lines))
    block = Block(0, 4 * len(lines), instructions)
    executed = [Executed(block, count, taken)]
    return estimate_cycles(ARM_CORTEX_M, cpu, executed, NEVER_WAITS, NOTHING)


def test_loads_in_a_row_overlap_where_the_core_pipelines_them() -> None:
    row = ("ldr r0, [r4]", "ldr r1, [r4, #4]", "ldr r2, [r4, #8]")
    assert cycles("cortex-m4", *row) == 4
    assert cycles("cortex-m0", *row) == 6
    assert cycles("cortex-m4", "ldr r0, [r4]", "ldr r1, [r0]") == 4


def test_only_taken_branches_refill_the_pipeline() -> None:
    loop = ("subs r0, #1", "bne.n 0")
    assert cycles("cortex-m4", *loop, count=10) == 20
    assert cycles("cortex-m4", *loop, count=10, taken=9) == 38


def test_hardware_loops_jump_for_nothing() -> None:
    loop = ("vldrb.8 q0, [r1], #16", "vmladava.s8 r0, q0, q1", "letp lr, 0")
    assert cycles("cortex-m55", *loop, count=10, taken=9) == 30


def test_cores_differ_in_multiplication() -> None:
    assert cycles("cortex-m3", "mla r0, r1, r2, r3") == 2
    assert cycles("cortex-m4", "mla r0, r1, r2, r3") == 1


def test_code_waits_for_flash_beyond_its_cache() -> None:
    block = Block(0, 64, (("nop", ""),) * 16)
    once = [Executed(block, 100, 0)]
    cached = FlashTiming(wait_states=4, line_bytes=16, code_cache_bytes=64)
    bare = FlashTiming(wait_states=4, line_bytes=16)
    assert estimate_cycles(ARM_CORTEX_M, "cortex-m4", once, cached, NOTHING) == 1600
    assert estimate_cycles(ARM_CORTEX_M, "cortex-m4", once, bare, NOTHING) == 1600 + 100 * 4 * 2


def test_weights_are_read_again_where_no_cache_keeps_them() -> None:
    flash = FlashTiming(wait_states=5, line_bytes=16, data_cache_bytes=256)
    small, large = LayerReads(256, 64_000), LayerReads(512, 64_000)
    assert estimate_cycles(ARM_CORTEX_M, "cortex-m4", [], flash, small) == 16 * 5
    assert estimate_cycles(ARM_CORTEX_M, "cortex-m4", [], flash, large) == 32_000 // 16 * 5


def test_every_core_has_a_timing() -> None:
    timed = [name for each in ARCHITECTURES.values() for name in each.timings]
    assert sorted(timed) == sorted(set(CPUS) - {"host"})
    for name in timed:
        assert name in ARCHITECTURES[CPUS[name].architecture].timings
