"""Errors of `edgec flash` and of boards at a serial port."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "flash-unsupported",
        "no tool, or not this one, can write the board",
        meaning="A board's file says in its [flash] table how each tool knows the board.",
        example="edgec flash build/m --tool st-flash      (built for nrf52840-dk)",
        remedy="""
            Use one of the tools that the message names; for your own board.toml add the table:
            pyocd, openocd, probe_rs, stlink or uf2_family.
        """,
    ),
    page(
        "no-flash-tool",
        "no tool that could write the board is installed",
        meaning="The notes list the tools that know the board, and how to get each.",
        example="edgec flash build/m",
        remedy="`pip install 'edgec[flash]'` brings pyocd; docs/flashing.md has the others.",
    ),
    page(
        "no-boot-disk",
        "the disk of the board's boot loader is not mounted",
        meaning="A board that takes UF2 files shows up as a disk with the file INFO_UF2.TXT.",
        example="edgec flash build/m --tool uf2      (rpi-pico, plugged in without BOOTSEL)",
        remedy="Hold BOOTSEL while you plug the board in, mount the disk, and repeat.",
    ),
    page(
        "verify-failed",
        "the board's flash differs from what was written",
        meaning="The tool wrote the firmware and read something else back. The exit code is 4.",
        example="a write-protected sector",
        remedy="Write it again; if it stays, remove the protection or try another board.",
    ),
    page(
        "self-test-failed",
        "the board found its weights or its outputs wrong",
        meaning="""
            The firmware compares a CRC-32 of its weights, and of the outputs of one run, with
            what the build noted. The exit code is 4.
        """,
        example="a flipped bit in the flash",
        remedy="Write it again; if it stays, the flash is damaged or the clocks are set wrongly.",
    ),
    page(
        "other-firmware",
        "the board runs the firmware of another model",
        meaning="A firmware carries the hash of its model; it is not the one of this folder.",
        example="edgec run build/m --on serial:/dev/ttyACM0      (before edgec flash build/m)",
        remedy="Write the firmware of this folder first: edgec flash OUT.",
    ),
    page(
        "no-serial-port",
        "the serial port cannot be opened",
        meaning="The port does not exist, is in use, or pyserial is not installed.",
        example="edgec run build/m --on serial:/dev/ttyACM9",
        remedy="""
            `pip install 'edgec[flash]'` brings pyserial. On Linux join the group dialout; close
            the terminal program that holds the port.
        """,
    ),
)
