"""QEMU's execution log becomes counts of blocks, cut at the node hook."""

import os

import pytest

from edgec.firmware.trace import BlockRuns, TraceReader

RUN, HOOK = 0x100, 0x200


def translated(address: int, *sizes: int) -> str:
    lines = ["----------------", "IN: some_function"]
    for size in sizes:
        code = "f04f 23e0" if size == 4 else "b508"
        lines.append(f"0x{address:08x}:  {code:12} text")
        address += size
    return "\n".join([*lines, "", ""])


def ran(address: int) -> str:
    return f"Trace 0: 0x7f00{address:08x} [00800408/{address:08x}/00000110/ff020200] name\n"


def counted(log: str, step: int, nodes: int) -> list[set[BlockRuns]]:
    with TraceReader(RUN, HOOK) as reader:
        data = log.encode()
        for at in range(0, len(data), step):
            os.write(reader.fd, data[at : at + step])
    return [set(each) for each in reader.nodes(nodes)]


LOG = (
    "".join([translated(0x200, 2), ran(0x200), "cpu_io_recompile: rewound to 00000150\n"])
    + "".join([translated(0x100, 2, 4), ran(0x100), translated(0x106, 2, 2), ran(0x106)])
    + ran(0x106) * 3
    + "".join([ran(0x200), translated(0x300, 4), ran(0x300), ran(0x300)])
    + "Stopped execution of TB chain before 0x7f0000000300 [00000300] name\n"
    + "".join([ran(0x300), ran(0x200), ran(0x300)])
)


@pytest.mark.parametrize("step", [1, 7, 64, 100_000])
def test_counts_do_not_depend_on_how_the_log_arrives(step: int) -> None:
    first, second = counted(LOG, step, 2)
    assert first == {BlockRuns((0x100, 0x106), 1, 0), BlockRuns((0x106, 0x10A), 4, 3)}
    hook = BlockRuns((0x200, 0x202), 1, 1)
    assert second == {hook, BlockRuns((0x300, 0x304), 2, 1)}


def test_only_the_last_run_counts() -> None:
    again = LOG + ran(0x100) + ran(0x106) + ran(0x200)
    (first,) = counted(again, 4096, 1)
    assert first == {BlockRuns((0x100, 0x106), 1, 0), BlockRuns((0x106, 0x10A), 1, 0)}
