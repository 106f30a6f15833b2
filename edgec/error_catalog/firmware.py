"""Errors while a firmware runs."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "no-emulator",
        "QEMU has neither a machine nor a twin for this board",
        meaning="""
            The board is real hardware that QEMU does not emulate, and its file names no twin: a
            qemu-* board with the same core, for which the build makes twin.elf.
        """,
        example="edgec run build/m      (built for a board.toml without [emulator] and twin)",
        remedy="""
            Add twin = "qemu-m4" (or another with the board's core) to the board's file and build
            again. Or run on this machine: --on host.
        """,
    ),
    page(
        "firmware-timeout",
        "the firmware did not answer in time",
        meaning="The emulator runs, but no answer came. The message says where the core is.",
        example="a very large model on a slow machine",
        remedy="""
            Try again on an idle machine. If the place is a fault handler or an endless loop,
            please report it with the model.
        """,
    ),
    page(
        "firmware-fault",
        "the processor took a fault",
        meaning="The firmware reports the address, the function and the fault status.",
        example="instructions that the core does not have, or a stack overflow",
        remedy="""
            Check that the board's cpu is the one the firmware runs on. On an unmodified build
            this is a bug: please report it with the model.
        """,
    ),
    page(
        "firmware-closed",
        "the connection to the firmware ended",
        meaning="The emulator stopped, or the board was unplugged, in the middle of a run.",
        example="QEMU was killed",
        remedy="Run it again; the notes hold what QEMU said.",
    ),
    page(
        "protocol-error",
        "the firmware answered something unexpected",
        meaning="""
            Messages between edgec and the firmware carry a checksum and a version; one did not
            fit.
        """,
        example="a firmware.elf of another build or of another version of edgec",
        remedy="Build again.",
    ),
    page(
        "model-failed",
        "the model's run function returned an error",
        meaning="A kernel refused its arguments. The message names the node. The exit code is 4.",
        example="CMSIS-NN returned ARM_CMSIS_NN_ARG_ERROR",
        remedy="""
            This is a bug in edgec: please report it with the model. --kernels portable may work
            around it.
        """,
    ),
)
